/* The report's page with a hole for its data, as bytes of the program. See web/build.mjs. */
  .section .rodata
  .global uffdsim_report_page_begin
  .global uffdsim_report_page_end
uffdsim_report_page_begin:
  .incbin UFFDSIM_REPORT_PAGE
uffdsim_report_page_end:
  .section .note.GNU-stack,"",%progbits

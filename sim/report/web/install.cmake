# Installs the npm packages of a package-lock.json into a folder that all presets share.
# usage: cmake -DNPM=... -DFROM=folder -DINTO=folder -P install.cmake
get_filename_component(parent ${INTO} DIRECTORY)
file(MAKE_DIRECTORY ${parent})
file(LOCK ${INTO}.lock GUARD PROCESS TIMEOUT 600)
file(SHA256 ${FROM}/package-lock.json wanted)
set(present "")
if(EXISTS ${INTO}/installed)
  file(READ ${INTO}/installed present)
endif()
if(NOT present STREQUAL wanted)
  file(MAKE_DIRECTORY ${INTO})
  file(COPY ${FROM}/package.json ${FROM}/package-lock.json DESTINATION ${INTO})
  execute_process(
    COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
    WORKING_DIRECTORY ${INTO} RESULT_VARIABLE failed OUTPUT_VARIABLE said ERROR_VARIABLE said)
  if(failed)
    message(FATAL_ERROR "npm could not install the packages of ${FROM}/package-lock.json; the npm "
      "registry must be reachable for the first build. It said:\n${said}")
  endif()
  file(WRITE ${INTO}/installed ${wanted})
endif()

// Long-term pins: buffers registered with an io_uring that is used for nothing else.
//
// Mirrors: io_sqe_buffer_register() of io_uring/rsrc.c.
#include <linux/io_uring.h>
#include <sys/uio.h>

#include "sim/conform/kernel/perform.h"
#include "sim/conform/kernel/raw_call.h"

namespace uffdsim {
namespace {

void Pin(Cell* cell) {
  const Request& r = cell->request;
  io_uring_params parameters{};
  const std::int64_t ring = RawCall(SYS_io_uring_setup, 1, &parameters);
  if (ring < 0) return AnswerError(cell, ring, "io_uring_setup");
  const iovec buffer{reinterpret_cast<void*>(r.start), r.length};
  const std::int64_t result =
      RawCall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &buffer, 1);
  if (result < 0) {
    RawCall(SYS_close, ring);
    return AnswerError(cell, result, "io_uring_register");
  }
  cell->answer.descriptor = static_cast<int>(ring);
  AnswerCount(cell, 0);
}

// The last close lets the pages go, but in a worker; unregistering does it before it returns.
void Unpin(Cell* cell) {
  const Request& r = cell->request;
  if (r.last_holder) {
    RawCall(SYS_io_uring_register, r.descriptor, IORING_UNREGISTER_BUFFERS, nullptr, 0);
  }
  AnswerCall(cell, RawCall(SYS_close, r.descriptor));
}

}  // namespace

void DoPin(Cell* cell) { return cell->request.code == OpCode::k_pin ? Pin(cell) : Unpin(cell); }

}  // namespace uffdsim

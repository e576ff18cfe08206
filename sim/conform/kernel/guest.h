// The executor as the only program of a virtual machine: its first process.
//
// Talks with the host through a virtio port named "uffdsim": the host sends `run BYTES ORDER NAME`
// and the scenario's text; the guest answers with the lines of Play() and `done CODE`. `hello
// KERNEL` comes first. `program BYTES - NAME` and a static program: its output, then `done CODE`.
// Owned by: nobody; never returns.
#pragma once

namespace uffdsim {

[[noreturn]] void RunGuest();

}  // namespace uffdsim

// Delivering faults and events to user space, sleeping and waking.
//
// Mirrors: handle_userfault(), userfaultfd_must_wait(), wake_userfault(),
//          userfaultfd_event_wait_completion() of mm/userfaultfd.c.
#pragma once

#include <vector>

#include "model/path/fault.h"

namespace uffdsim {

// handle_userfault(), up to the decision to sleep. kSleep: the task is queued and must sleep;
// otherwise Task::fault has the result.
enum class Delivery : std::uint8_t { kSleep, kReturn };
Delivery DeliverFault(World& w, Task& t, const FaultFrame& f, const Vma& vma);

// userfault_msg(): the UFFD_PAGEFAULT_FLAG_* of a fault's message.
std::uint64_t MessageFlags(const FaultFrame& f, const Vma& vma);

// Whether the entry still justifies sleeping (userfaultfd_must_wait()).
bool MustWait(const World& w, const FaultFrame& f, const Vma& vma);

// The same of one PTE, or of a hugetlb entry as the pte helpers see it.
bool PteMustWait(const World& w, Word word, UffdReason reason);

// What a reported address is rounded to without EXACT_ADDRESS, in bytes.
std::uint64_t ReportedUnit(const World& w, const Vma& vma);

// Wakes the context's waiters whose reported address lies in [start, start + length) bytes.
void WakeRange(World& w, CtxId ctx, std::uint64_t start, std::uint64_t length);
void WakeAll(World& w, CtxId ctx);

// Queues an event: the task that calls must return Next::Sleep; false when the context is released
// (nothing is queued, do not sleep). mmap_changing was raised before (RaiseChanging).
bool QueueEvent(World& w, Task& t, CtxId ctx, const Message& message);
void RaiseChanging(World& w, CtxId ctx);
void DropChanging(World& w, CtxId ctx);

// read(2) without blocking until nothing is left: faults first, then events, each FIFO.
std::vector<Message> DrainMessages(World& w, CtxId ctx);

}  // namespace uffdsim

#include "sim/conform/kernel/answer.h"
#include "sim/uapi/uapi.h"

#include <signal.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace uffdsim {
namespace {

struct Numbered {
  int number;
  Errno error;
};
constexpr Numbered kErrnos[] = {
#define X(name) {name, Errno::k##name},
    UFFDSIM_ERRNO_LIST(X)
#undef X
};

constexpr Errno kUnnamed = static_cast<Errno>(255);

template <class T>
void Append(std::vector<std::pair<int, std::uint64_t>>* runs, T value) {
  const int number = static_cast<int>(value);
  if (runs->empty() || runs->back().first != number) runs->emplace_back(number, 0);
  ++runs->back().second;
}

const char* SignalCode(int signal, int code) {
  if (signal == SIGSEGV)
    return code == SEGV_MAPERR ? "MAPERR" : code == SEGV_ACCERR ? "ACCERR" : "?";
  switch (code) {
    case BUS_ADRALN: return "ADRALN";
    case BUS_ADRERR: return "ADRERR";
    case BUS_MCEERR_AR: return "MCEERR_AR";
    case BUS_MCEERR_AO: return "MCEERR_AO";
    default: return "?";
  }
}

bool AnswersBytes(OpCode code) {
  switch (code) {
    case OpCode::k_read:
    case OpCode::k_add:
    case OpCode::k_gup_read:
    case OpCode::k_proc_mem_read:
    case OpCode::k_kernel_read:
    case OpCode::k_fread: return true;
    default: return false;
  }
}

// A field of 32 bits at the start of a word of the message.
std::uint32_t Half(const uapi::Message& raw, std::size_t word) {
  std::uint32_t value = 0;
  std::memcpy(&value,
              reinterpret_cast<const char*>(&raw) + offsetof(uapi::Message, argument) + 8 * word,
              sizeof(value));
  return value;
}

Message MessageOf(const uapi::Message& raw) {
  Message message;
  const std::uint64_t first = raw.argument[0];
  const std::uint64_t second = raw.argument[1];
  const std::uint64_t third = raw.argument[2];
  switch (raw.event) {
    case uapi::kEventPagefault:
      message.type = Message::Type::kPagefault;
      message.flags = first;
      message.address = second;
      message.has_ptid = Half(raw, 2) != 0;
      break;
    case uapi::kEventFork:
      message.type = Message::Type::kFork;
      message.flags = Half(raw, 0);  // the descriptor
      break;
    case uapi::kEventRemap:
      message.type = Message::Type::kRemap;
      message.address = first;
      message.to = second;
      message.length = third;
      break;
    default:
      message.type =
          raw.event == uapi::kEventRemove ? Message::Type::kRemove : Message::Type::kUnmap;
      message.address = first;
      message.length = second - first;
      break;
  }
  return message;
}

void TakeBuffer(const Cell& cell, Outcome* outcome) {
  const OpCode code = cell.request.code;
  const std::uint64_t count = cell.answer.count;
  if (AnswersBytes(code)) {
    for (std::uint64_t i = 0; i < count; ++i) Append(&outcome->values, cell.buffer[i]);
  } else if (code == OpCode::k_migrate) {
    for (std::uint64_t i = 0; i < count; ++i) {
      int status = 0;
      std::memcpy(&status, cell.buffer + i * sizeof(status), sizeof(status));
      if (status < 0 && status != kNodeNotWritten) status = -static_cast<int>(ErrnoOf(-status));
      Append(&outcome->nodes, status);
    }
  } else if (code == OpCode::k_messages) {
    for (std::uint64_t i = 0; i < count; ++i) {
      uapi::Message message;
      std::memcpy(&message, cell.buffer + i * sizeof(message), sizeof(message));
      outcome->messages.push_back(MessageOf(message));
    }
  } else if (code == OpCode::k_scan) {
    for (std::uint64_t i = 0; i < count; ++i) {
      uapi::PageRegion region{};
      std::memcpy(&region, cell.buffer + i * sizeof(region), sizeof(region));
      outcome->regions.push_back({region.start, region.end, region.categories});
    }
  }
}

void TakeOut(const Answer& answer, Outcome* outcome, std::uint64_t page_size) {
  if (!answer.has_out) return;
  if (answer.out < 0) {
    outcome->out_error = ErrnoOf(static_cast<int>(-answer.out));
  } else {
    outcome->out_pages = answer.out / static_cast<std::int64_t>(page_size);
  }
}

}  // namespace

Errno ErrnoOf(int number) {
  if (number == 0) return Errno::kOk;
  for (const Numbered& row : kErrnos) {
    if (row.number == number) return row.error;
  }
  return kUnnamed;
}

Outcome OutcomeOf(const Cell& cell) {
  const Answer& answer = cell.answer;
  Outcome outcome;
  switch (answer.kind) {
    case Answer::Kind::kOk: break;
    case Answer::Kind::kError:
      outcome.status = Outcome::Status::kError;
      outcome.error = ErrnoOf(answer.error);
      outcome.call = answer.call;
      break;
    case Answer::Kind::kSignal:
      outcome.status = Outcome::Status::kSignal;
      outcome.signal = answer.signal == SIGSEGV ? "SIGSEGV" : "SIGBUS";
      outcome.signal_code = SignalCode(answer.signal, answer.signal_code);
      outcome.signal_at = answer.signal_address;
      break;
    case Answer::Kind::kBad:
      outcome.status = Outcome::Status::kBad;
      outcome.reason = answer.reason;
      return outcome;
  }
  if (answer.has_result) outcome.ret = answer.result;
  outcome.features = answer.features;
  outcome.ioctls = answer.ioctls;
  outcome.walk_end = answer.walk_end;
  TakeOut(answer, &outcome, cell.request.page_size);
  TakeBuffer(cell, &outcome);
  return outcome;
}

}  // namespace uffdsim

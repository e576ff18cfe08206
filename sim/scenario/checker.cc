#include "sim/scenario/checker.h"

#include "absl/strings/str_cat.h"
#include "sim/scenario/json.h"
#include "sim/scenario/translate.h"

namespace uffdsim {
namespace {

std::string ViolationsJson(const std::vector<RecordViolation>& violations) {
  JsonWriter j;
  j.Array([&] {
    for (const RecordViolation& v : violations) {
      j.Object([&] {
        j.Field("invariant", v.invariant);
        j.Field("at", v.at);
        j.Field("step", v.step);
        j.Field("kernel", v.kernel);
        j.Field("before", v.before);
        j.Field("after", v.after);
        j.Field("detail", v.detail);
      });
    }
  });
  return j.text();
}

}  // namespace

Checker::Checker(Executor* executor, Referee::Strictness strictness)
    : executor_(executor), view_(executor->machine().world()), referee_(view_, strictness) {
  executor->machine().world().listener = &referee_;
  referee_.WatchSteps();
}

void Checker::After(const Statement& statement, Record* record) {
  const bool answers = statement.Has(Role::kUffd) || statement.code == OpCode::k_scan;
  if (answers && record->outcome.status != Outcome::Status::kBlocked) {
    referee_.Judge(ToOperation(statement, &executor_->names()), record->outcome);
  }
  referee_.Check();
  const std::uint64_t page_size = executor_->names().page_size();
  for (; reported_ < referee_.violations().size(); ++reported_) {
    const Violation& v = referee_.violations()[reported_];
    std::string process = absl::StrCat("mm", v.mm.value);  // a child that fork has not returned yet
    for (const auto& entry : executor_->names().processes()) {
      if (entry.second == v.mm) process = absl::StrCat(entry.first);
    }
    record->violations.push_back(
        {InvariantName(v.invariant), InvariantSentence(v.invariant),
         absl::StrCat(process, ":", executor_->names().Place(v.vpn.value * page_size)),
         v.path.empty() ? "" : absl::StrCat(v.path, "/", v.step), v.kernel, v.before, v.after,
         v.detail});
  }
  if (record->violations.empty()) return;
  record->json.pop_back();
  absl::StrAppend(&record->json, ",\"violations\":", ViolationsJson(record->violations), "}");
}

std::optional<PageChange> Checker::LastChange(const Statement& statement) {
  const std::optional<MmId> mm = executor_->names().Process(statement.process);
  if (!mm || !statement.Has(Role::kRegion)) return std::nullopt;
  Names& names = executor_->names();
  return referee_.LastChange(
      *mm, Vpn(names.Address(statement.region, statement.offset) / names.page_size()));
}

}  // namespace uffdsim

// The defects that follow from the sites which carry a mark or flush, without a line of their own.
//
//   omit:SITE            the site sees no mark: the result is that of an unmarked entry
//   wrong-accessor:SITE  the mark is read or written with the accessor of the other kind of entry.
//                        A site that turns a non-present entry into a present one reads it wrong;
//                        every other site writes it wrong, as pte_clear_uffd() on a swap entry does
//   omit:flush_..        the flush is left out: what is cached stays
//   unseen:SITE, unset:SITE, kept:SITE   one statement of the site is left out that looks at the
//                        mark, sets it or clears it (statements.def)
#include <tuple>
#include <type_traits>

#include "model/defect/catalogue.h"
#include "model/mm/entry.h"

namespace uffdsim {
namespace {

// Which accessors fit the entry that goes into a site or comes out of it.
enum class Side : std::uint8_t { kPresent, kSoftleaf, kPmdPresent, kPmdSoftleaf, kEither };

constexpr bool IsPresent(Side side) { return side == Side::kPresent || side == Side::kPmdPresent; }
constexpr bool IsSoftleaf(Side side) {
  return side == Side::kSoftleaf || side == Side::kPmdSoftleaf;
}

struct Marked {
  const Arch& arch;
  Form form;
  bool present;  // whether the present accessors are meant

  bool Has(Word word) const { return present ? arch.Uffd(form, word) : arch.SwpUffd(form, word); }
  Word With(Word word) const {
    return present ? arch.MkUffd(form, word) : arch.SwpMkUffd(form, word);
  }
  Word Without(Word word) const {
    return present ? arch.ClearUffd(form, word) : arch.SwpClearUffd(form, word);
  }
};

Marked Right(const Arch& arch, Form form, Side side, Word word) {
  if (side == Side::kPmdPresent || side == Side::kPmdSoftleaf) form = Form::kPmd;
  const bool present = side == Side::kEither ? arch.Present(form, word) : IsPresent(side);
  return {.arch = arch, .form = form, .present = present};
}
Marked Wrong(const Marked& right) {
  return {.arch = right.arch, .form = right.form, .present = !right.present};
}

const Arch& ArchIn(const World& w) { return *w.arch; }

template <class T>
constexpr bool kIsWord = std::is_same_v<std::remove_cvref_t<T>, Word>;
template <class T>
constexpr bool kIsForm = std::is_same_v<std::remove_cvref_t<T>, Form>;

template <class... Args>
Form FormIn(const Args&... args) {
  Form form = Form::kPte;
  const auto look = [&form](const auto& arg) {
    if constexpr (kIsForm<decltype(arg)>) form = arg;
  };
  (look(args), ...);
  return form;
}

// The site's parameters after the world, with the entry replaced by what `change` makes of it.
template <class Fn, Fn kClean, Side kReads, Side kWrites>
struct Derived;
template <class... Args, Word (*kClean)(const World&, Args...), Side kReads, Side kWrites>
struct Derived<Word (*)(const World&, Args...), kClean, kReads, kWrites> {
  static_assert((0 + ... + (kIsWord<Args> ? 1 : 0)) == 1, "one entry goes into a site");

  template <class Change>
  static Word CallWith(const World& w, Change change, Args... args) {
    const auto changed = [&](auto& arg) {
      if constexpr (kIsWord<decltype(arg)>) arg = change(arg);
    };
    (changed(args), ...);
    return kClean(w, args...);
  }

  static Word Omit(const World& w, Args... args) {
    const Form form = FormIn(args...);
    const auto unmarked = [&](Word word) {
      return Right(ArchIn(w), form, kReads, word).Without(word);
    };
    return CallWith(w, unmarked, args...);
  }

  static Word WrongAccessor(const World& w, Args... args) {
    const Form form = FormIn(args...);
    bool had_mark = false;
    const auto reread = [&](Word word) {
      const Marked right = Right(ArchIn(w), form, kReads, word);
      had_mark = right.Has(word);
      if constexpr (IsSoftleaf(kReads) && IsPresent(kWrites)) {
        return Wrong(right).Has(word) ? right.With(word) : right.Without(word);
      }
      return word;
    };
    const Word result = CallWith(w, reread, args...);
    if constexpr (IsSoftleaf(kReads) && IsPresent(kWrites)) return result;
    const Marked right = Right(ArchIn(w), form, kWrites, result);
    if (right.arch.None(right.form, result)) return result;
    if (right.Has(result)) return Wrong(right).With(right.Without(result));
    return had_mark && kReads == kWrites ? Wrong(right).Without(right.With(result)) : result;
  }
};

void OmitFlush(World&, MmId, Vpn, Vpn) {}

#define SITE(id, function, kernel, sentence)
#define FLUSH_SITE(id, kernel, sentence) \
  void Omit_##id(StepTable& table) { table.site.id = &OmitFlush; }
#define MARK_SITE(id, function, reads, writes, kernel, sentence)                           \
  using Derived_##id = Derived<decltype(&function), &function, Side::reads, Side::writes>; \
  void Omit_##id(StepTable& table) { table.site.id = &Derived_##id::Omit; }                \
  void WrongAccessor_##id(StepTable& table) { table.site.id = &Derived_##id::WrongAccessor; }
#include "model/path/sites.def"
#undef FLUSH_SITE
#undef MARK_SITE
#undef SITE

// Whether an entry of any kind carries the mark, by its own accessors; a marker is one.
bool MarkedAny(const Arch& arch, Form form, Word word) {
  return arch.Present(form, word) ? arch.Uffd(form, word) : SwpUffdAny(arch, form, word);
}
Word UnmarkedAny(const Arch& arch, Form form, Word word) {
  if (!MarkedAny(arch, form, word)) return word;
  if (IsUffdWpMarker(arch, word)) return arch.NoneWord(form);
  return arch.Present(form, word) ? arch.ClearUffd(form, word) : arch.SwpClearUffd(form, word);
}
Word MarkedAgain(const Arch& arch, Form form, Word word) {
  if (arch.None(form, word)) return word;
  return arch.Present(form, word) ? arch.MkUffd(form, word) : arch.SwpMkUffd(form, word);
}

template <Form kForm, class... Args>
Form FormOf(const Args&... args) {
  if constexpr ((false || ... || kIsForm<Args>)) return FormIn(args...);
  return kForm;
}

const Arch& ArchIn(const Arch& arch) { return arch; }
// Asked for an argument that is an entry: a site without one need not lead to an architecture.
template <class Entry, class First>
const Arch& ArchFor(const First& first) {
  return ArchIn(first);
}

// A site with one of its statements left out. The first parameter leads to the architecture, or is
// a VMA where the site looks at no entry.
template <class Fn, Fn kClean, Form kForm>
struct Without;
template <class Result, class First, class... Args, Result (*kClean)(First, Args...), Form kForm>
struct Without<Result (*)(First, Args...), kClean, kForm> {
  static Result Unseen(First first, Args... args) {
    const Form form = FormOf<kForm>(args...);
    const auto blind = [&](auto& arg) {
      using Arg = std::remove_cvref_t<decltype(arg)>;
      if constexpr (kIsWord<Arg>) arg = UnmarkedAny(ArchFor<Arg>(first), form, arg);
      if constexpr (std::is_same_v<Arg, bool>) arg = false;
    };
    (blind(args), ...);
    return kClean(first, args...);
  }

  static Word Unset(First first, Args... args) {
    const Word result = kClean(first, args...);
    const Form form = FormOf<kForm>(args...);
    return HadMark(first, args...) ? result : UnmarkedAny(ArchIn(first), form, result);
  }

  static Word Kept(First first, Args... args) {
    const Word result = kClean(first, args...);
    const Form form = FormOf<kForm>(args...);
    return HadMark(first, args...) ? MarkedAgain(ArchIn(first), form, result) : result;
  }

 private:
  static bool HadMark(First first, const Args&... args) {
    const Form form = FormOf<kForm>(args...);
    bool had = false;
    [[maybe_unused]] const auto look = [&](const auto& arg) {
      if constexpr (kIsWord<decltype(arg)>)
        had |= MarkedAny(ArchFor<decltype(arg)>(first), form, arg);
    };
    (look(args), ...);
    return had;
  }
};

// The form of the entries of sites that have no parameter for it.
constexpr Form FormOfSite(std::string_view site) {
  const bool pmd =
      site == "rwp_resolved_pmd" || site == "scan_protected_pmd" || site == "uffd_moved_huge_zero";
  return pmd ? Form::kPmd : Form::kPte;
}

#define STATEMENT(kind, id, function)                                                \
  void kind##_##id(StepTable& table) {                                               \
    table.site.id = &Without<decltype(&function), &function, FormOfSite(#id)>::kind; \
  }
#define UNSEEN(id, function) STATEMENT(Unseen, id, function)
#define UNSET(id, function) STATEMENT(Unset, id, function)
#define KEPT(id, function) STATEMENT(Kept, id, function)
#include "model/defect/statements.def"
#undef UNSEEN
#undef UNSET
#undef KEPT
#undef STATEMENT

struct ModelledBySite {
  std::string_view site;
  std::string_view kernel;
};
constexpr ModelledBySite kModelled[] = {
#define SITE(id, function, kernel, sentence) {#id, kernel},
#define FLUSH_SITE(id, kernel, sentence)
#define MARK_SITE(id, function, reads, writes, kernel, sentence) \
  SITE(id, function, kernel, sentence)
#include "model/path/sites.def"
#undef FLUSH_SITE
#undef MARK_SITE
#undef SITE
};

constexpr std::string_view KernelOfSite(std::string_view site) {
  for (const ModelledBySite& row : kModelled) {
    if (row.site == site) return row.kernel;
  }
  return "";
}

constexpr DefectRow kDerived[] = {
#define SITE(id, function, kernel, sentence)
#define FLUSH_SITE(id, kernel, sentence)                     \
  {"omit:" #id, "not flushed: " sentence, "derived", "none", \
   "I17",       "NoStaleTranslation",     kernel,    "tlb",  \
   &Omit_##id},
#define MARK_SITE(id, function, reads, writes, kernel, sentence)                            \
  {"omit:" #id, "the mark is not seen: " sentence, "derived", "none", "I1", "", kernel, "", \
   &Omit_##id},                                                                             \
      {"wrong-accessor:" #id,                                                               \
       "the mark has the other kind of entry's bit: " sentence,                             \
       "derived",                                                                           \
       "none",                                                                              \
       "I11",                                                                               \
       "",                                                                                  \
       kernel,                                                                              \
       "",                                                                                  \
       &WrongAccessor_##id},
#include "model/path/sites.def"
#undef FLUSH_SITE
#undef MARK_SITE
#undef SITE
#define STATEMENT(kind, name, id, what) \
  {name ":" #id, what, "derived", "none", "I1", "", KernelOfSite(#id), "", &kind##_##id},
#define UNSEEN(id, function) STATEMENT(Unseen, "unseen", id, "the site does not see the mark")
#define UNSET(id, function) STATEMENT(Unset, "unset", id, "the site does not set the mark")
#define KEPT(id, function) STATEMENT(Kept, "kept", id, "the site does not clear the mark")
#include "model/defect/statements.def"
#undef UNSEEN
#undef UNSET
#undef KEPT
#undef STATEMENT
};

}  // namespace

std::span<const DefectRow> DerivedDefects() { return kDerived; }

}  // namespace uffdsim

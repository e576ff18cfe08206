// What the laws of the algebra work on: the reachable words of one form, the softleaf words, and a
// place to report to.
//
// Mirrors:  see algebra.h.
// Owned by: CheckAlgebra(), for the duration of one report.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/arch/algebra.h"
#include "model/arch/arch.h"

namespace uffdsim::algebra_internal {

// A reachable present word and the frame it was made for.
struct PresentWord {
  Word word;
  std::uint64_t frame;
};

// A non-present word: the entry, and which of the three flags are set (bit 0 uffd, 1 soft-dirty,
// 2 exclusive).
struct SoftleafWord {
  Word word;
  SwpEntry entry;
  unsigned flags;
};

class Checker {
 public:
  Checker(const Arch& arch, Form form, const AlgebraOptions& options);

  const Arch& arch() const { return arch_; }
  Form form() const { return form_; }
  const FormLayout& layout() const { return arch_.layout().form[static_cast<std::size_t>(form_)]; }
  Pgprot page_none() const { return arch_.PageNone(); }

  const std::vector<std::uint64_t>& frames() const { return frames_; }
  const std::vector<Pgprot>& made_prots() const { return made_prots_; }  // the protection map's
  const std::vector<Pgprot>& prots() const { return prots_; }            // and PAGE_NONE
  // Closure under every rewriter, whether or not the kernel would combine them so.
  const std::vector<PresentWord>& words() const { return words_; }
  // Closure under what the kernel does to marked entries: it never upgrades them.
  const std::vector<PresentWord>& legal_words() const { return legal_words_; }
  const std::vector<SoftleafWord>& softleaves() const { return softleaves_; }

  // The protections of private writable areas, whose pages need a write upgrade.
  std::vector<Pgprot> PrivateWritable() const;
  // The kernel's way of applying RWP to a present entry.
  Word Rwp(Word w) const;
  Word FrameBits() const { return layout().pfn.mask | layout().pfn.high_mask; }

  // All rewriters that leave the mark alone, for laws of the form "everything keeps X".
  struct Named {
    std::string_view name;
    Word word;
  };
  std::vector<Named> Rewrites(Word w) const;

  void Start(LawResult* result) { result_ = result; }
  void Expect(bool holds, Word word, std::string_view detail);

 private:
  std::vector<PresentWord> Closure(bool legal) const;
  std::vector<Word> Successors(Word w, bool legal) const;
  void MakeFrames(const AlgebraOptions& options);
  void MakeSoftleaves(const AlgebraOptions& options);
  void AddSoftleaf(SwpEntry entry);

  const Arch& arch_;
  Form form_;
  std::vector<std::uint64_t> frames_;
  std::vector<Pgprot> made_prots_;
  std::vector<Pgprot> prots_;
  std::vector<PresentWord> words_;
  std::vector<PresentWord> legal_words_;
  std::vector<SoftleafWord> softleaves_;
  LawResult* result_ = nullptr;
};

#define LAW(name, function, sentence) void function(Checker& c);
#include "model/arch/algebra_laws.def"
#undef LAW

}  // namespace uffdsim::algebra_internal

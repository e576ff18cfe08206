// Defects of fork(): what the child's entries carry.
#include "model/defect/defects.h"

namespace uffdsim::defect {
namespace {

Word SoftleafAsIs(const World&, const ForkedVma&, Form, Word word) { return word; }

Word SoftleafUnmarked(const World& w, const ForkedVma&, Form form, Word word) {
  return w.arch->SwpClearUffd(form, word);
}

}  // namespace

void ForkSwapKeepsBit(StepTable& table) { table.site.forked_softleaf = &SoftleafAsIs; }
void ForkSwapDropsBit(StepTable& table) { table.site.forked_softleaf = &SoftleafUnmarked; }

}  // namespace uffdsim::defect

// make_trace_corpus DIR: writes one small valid input per trace format and stream kind, from where
// the fuzzer starts. Same files every time.
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "traces/tools.h"

namespace {

const char* const kTexts[] = {
    "uftext 1\nheader {\"ram_pages\":20000,\"vcpus\":2,\"filter\":\"epoch-sets\"}\n"
    "mark 0 0 start\nepoch 0 0 900\n0 0 3 r--\n0 0 12000 -w-\n0 0 19999 rwx\n"
    "epoch 1 5 2000\n1 5 0 --x\nidle 1 1500\nepoch 0 900 1800\n0 900 3 rw-\n",
    "uftext 1\nheader {\"ram_pages\":20000,\"vcpus\":2,\"stream\":\"accesses\"}\n"
    "0 1 7 r--\n0 3 19999 -w-\n1 2 8 --x\nmark 1 2 phase\n0 9 7 rw-\nidle 0 77\n"};

// Enough accesses for whole bit-packed groups.
std::string ManyAccesses() {
  std::string text = kTexts[1];
  for (int i = 0; i < 300; ++i) {
    text += "0 " + std::to_string(10 + i * 3) + " " + std::to_string(i * 37 % 500) + " r--\n";
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_trace_corpus DIR\n", stderr);
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  const std::vector<std::string> texts = {kTexts[0], kTexts[1], ManyAccesses()};
  for (size_t i = 0; i < texts.size(); ++i) {
    const std::string text = folder + "trace_" + std::to_string(i) + ".txt";
    std::ofstream(text) << texts[i];
    uffdsim::ConvertOptions options;
    options.writer.chunk_bytes = 64;
    const absl::Status status =
        uffdsim::ConvertTrace(text, folder + "trace_" + std::to_string(i) + ".uft", options);
    if (!status.ok()) {
      std::fprintf(stderr, "make_trace_corpus: %s\n", status.ToString().c_str());
      return 1;
    }
  }
  std::ofstream(folder + "capture.gpt", std::ios::binary)
      << std::string("GPTRACE1\x10\0\0\0ram_bytes=16384\n\2\0\0\1\1\0\5\2\1\x0a\3\0\7\0", 42);
  return 0;
}

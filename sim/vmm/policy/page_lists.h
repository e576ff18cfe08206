// Doubly linked lists of pages over one array of links: a page is in one list at most.
//
// Mirrors: struct list_head, with page numbers for pointers: 8 bytes per page. Each list is a ring
//   through a sentinel, so linking and unlinking have no branches.
// Rules: front is the head (the newest), back is the tail. A zero link means "in no list", which is
//   what a fresh array says of every page, so pages never touched cost no memory.
// Owned by: one policy core. Errors: none; linking a linked page corrupts the lists (caller's bug).
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/base/lazy_array.h"
#include "sim/vmm/policy/policy.h"

namespace uffdsim {

class PageLists {
 public:
  using List = std::uint32_t;

  PageLists(std::uint32_t page_count, List lists)
      : links_(std::size_t{page_count} + lists + 1), sizes_(lists, 0), base_(lists + 1) {
    for (List i = 0; i < lists; ++i) links_[Sentinel(i)] = {Sentinel(i), Sentinel(i)};
  }

  bool Linked(PageId page) const { return links_[Node(page)].next != 0; }
  void Prefetch(PageId page) const { __builtin_prefetch(links_.data() + Node(page), 1); }
  std::uint64_t Size(List list) const { return sizes_[list]; }

  // The page at the end, or kNoPage when the list is empty.
  PageId Back(List list) const { return Page(links_[Sentinel(list)].prev); }
  PageId Front(List list) const { return Page(links_[Sentinel(list)].next); }
  // The neighbour towards the front (back), or kNoPage at the end.
  PageId Newer(PageId page) const { return Page(links_[Node(page)].prev); }
  PageId Older(PageId page) const { return Page(links_[Node(page)].next); }

  void PushFront(List list, PageId page) { LinkAfter(list, Sentinel(list), page); }
  void PushBack(List list, PageId page) { LinkAfter(list, links_[Sentinel(list)].prev, page); }
  // Links `page` next to `place`, on the side of the back.
  void InsertOlder(List list, PageId place, PageId page) { LinkAfter(list, Node(place), page); }
  // The same on the side of the front.
  void InsertNewer(List list, PageId place, PageId page) {
    LinkAfter(list, links_[Node(place)].prev, page);
  }

  void Remove(List list, PageId page) {
    Link& link = links_[Node(page)];
    links_[link.prev].next = link.next;
    links_[link.next].prev = link.prev;
    link = {0, 0};
    --sizes_[list];
  }

  void MoveToFront(List list, PageId page) {
    const std::uint32_t node = Node(page);
    const std::uint32_t sentinel = Sentinel(list);
    const Link link = links_[node];
    if (link.prev == sentinel) return;
    links_[link.prev].next = link.next;
    links_[link.next].prev = link.prev;
    const std::uint32_t first = links_[sentinel].next;
    links_[node] = {sentinel, first};
    links_[first].prev = node;
    links_[sentinel].next = node;
  }

  PageId PopBack(List list) {
    const PageId page = Back(list);
    if (page != kNoPage) Remove(list, page);
    return page;
  }

  std::uint64_t Bytes() const { return links_.size() * sizeof(Link); }

 private:
  struct Link {
    std::uint32_t prev = 0;  // towards the front
    std::uint32_t next = 0;  // towards the back
  };

  // Node 0 is unused, so that no link is ever zero; sentinels come next, then the pages.
  std::uint32_t Sentinel(List list) const { return list + 1; }
  std::uint32_t Node(PageId page) const { return page + base_; }
  PageId Page(std::uint32_t node) const { return node < base_ ? kNoPage : node - base_; }

  void LinkAfter(List list, std::uint32_t place, PageId page) {
    const std::uint32_t node = Node(page);
    const std::uint32_t after = links_[place].next;
    links_[node] = {place, after};
    links_[after].prev = node;
    links_[place].next = node;
    ++sizes_[list];
  }

  LazyArray<Link> links_;
  std::vector<std::uint64_t> sizes_;
  std::uint32_t base_;
};

}  // namespace uffdsim

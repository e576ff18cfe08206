/*
 * The userfaultfd RWP protocol on N anonymous pages, as small as it gets: what `uffdsim check
 * exhaustive --alphabet rwp-anon` explores on the whole machine, with the same letters, one
 * transition each, and the referee's two central promises as assertions.
 *
 * Used by explore_bench.cc as the measure of a dedicated model checker's speed:
 *   spin -a rwp_protocol.pml && gcc -O2 -DSAFETY -DNPAGES=... pan.c -o pan && ./pan -m100000
 */
#ifndef NPAGES
#define NPAGES 2
#endif

#define NONE 0
#define READ 1
#define RW 2

bool present[NPAGES];   /* an entry exists */
bool zero[NPAGES];      /* it maps the zero page */
bool denied[NPAGES];    /* PROT_NONE */
bool marked[NPAGES];    /* the uffd bit */
bool writable[NPAGES];
bool written[NPAGES];   /* content: 0 or 1 */
byte prot[NPAGES];      /* of the VMA that holds the page */
bool table;             /* the page table was made */
bool registered = true;

bool armed[NPAGES];     /* the referee's: by history alone */

inline fault(p) {
  table = true;
  if
  :: !present[p] -> present[p] = true; zero[p] = true; writable[p] = false
  :: else
  fi;
  if
  :: registered && denied[p] && marked[p] -> denied[p] = false; marked[p] = false; armed[p] = false
  :: else
  fi
}

inline load(p) {
  if
  :: prot[p] == NONE -> skip
  :: else -> fault(p); assert(!armed[p])
  fi
}

inline store(p) {
  if
  :: prot[p] != RW -> skip
  :: else ->
     fault(p);
     zero[p] = false; writable[p] = true; written[p] = true;
     assert(!armed[p])
  fi
}

inline arm(p) {
  if
  :: registered && present[p] && prot[p] != NONE ->
     denied[p] = true; marked[p] = true; writable[p] = false; armed[p] = true
  :: else
  fi
}

inline resolve(p) {
  if
  :: registered && marked[p] -> denied[p] = false; marked[p] = false; armed[p] = false
  :: else
  fi
}

inline discard(p) {
  present[p] = false; zero[p] = false; denied[p] = false; marked[p] = false;
  writable[p] = false; written[p] = false; armed[p] = false
}

inline protect(p, to) {
  prot[p] = to;
  if
  :: present[p] && !marked[p] -> denied[p] = (to == NONE)
  :: else
  fi;
  if
  :: to != RW -> writable[p] = false
  :: else
  fi
}

active proctype machine() {
  byte p; byte i;
  d_step { i = 0; do :: i < NPAGES -> prot[i] = RW; i++ :: else -> i = 0; break od }
  do
  :: atomic {
       /* which page the letter is about */
       p = 0;
       do :: p < NPAGES - 1 -> p++ :: break od;
       if
       :: d_step { load(p) }
       :: d_step { store(p) }
       :: d_step { arm(p) }
       :: d_step { resolve(p) }
       :: d_step { discard(p) }
       :: d_step { protect(p, NONE) }
       :: d_step { protect(p, READ) }
       :: d_step { protect(p, RW) }
       fi;
       d_step { assert(!armed[p] || (present[p] && marked[p] && denied[p])); p = 0 }
     }
  :: d_step { i = 0; do :: i < NPAGES -> arm(i); i++ :: else -> i = 0; break od }
  :: d_step { i = 0; do :: i < NPAGES -> resolve(i); i++ :: else -> i = 0; break od }
  :: d_step {
       i = 0; do :: i < NPAGES -> resolve(i); i++ :: else -> i = 0; break od;
       registered = false
     }
  :: d_step { registered = true }
  od
}

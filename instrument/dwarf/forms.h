/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Forms: how attributes are encoded, and the abbreviations that list the
 * attributes of an entry (7.5.3 to 7.5.6).
 */
#ifndef WSIG_INSTRUMENT_DWARF_FORMS_H
#define WSIG_INSTRUMENT_DWARF_FORMS_H

#include "dwarf/parts.h"

enum { /* 7.5.6; the last four are GNU's and LLVM's */
       WSIG_FORM_ADDR = 0x01,
       WSIG_FORM_BLOCK2 = 0x03,
       WSIG_FORM_BLOCK4 = 0x04,
       WSIG_FORM_DATA2 = 0x05,
       WSIG_FORM_DATA4 = 0x06,
       WSIG_FORM_DATA8 = 0x07,
       WSIG_FORM_STRING = 0x08,
       WSIG_FORM_BLOCK = 0x09,
       WSIG_FORM_BLOCK1 = 0x0a,
       WSIG_FORM_DATA1 = 0x0b,
       WSIG_FORM_FLAG = 0x0c,
       WSIG_FORM_SDATA = 0x0d,
       WSIG_FORM_STRP = 0x0e,
       WSIG_FORM_UDATA = 0x0f,
       WSIG_FORM_REF_ADDR = 0x10,
       WSIG_FORM_REF1 = 0x11,
       WSIG_FORM_REF2 = 0x12,
       WSIG_FORM_REF4 = 0x13,
       WSIG_FORM_REF8 = 0x14,
       WSIG_FORM_REF_UDATA = 0x15,
       WSIG_FORM_INDIRECT = 0x16,
       WSIG_FORM_SEC_OFFSET = 0x17,
       WSIG_FORM_EXPRLOC = 0x18,
       WSIG_FORM_FLAG_PRESENT = 0x19,
       WSIG_FORM_STRX = 0x1a,
       WSIG_FORM_ADDRX = 0x1b,
       WSIG_FORM_REF_SUP4 = 0x1c,
       WSIG_FORM_STRP_SUP = 0x1d,
       WSIG_FORM_DATA16 = 0x1e,
       WSIG_FORM_LINE_STRP = 0x1f,
       WSIG_FORM_REF_SIG8 = 0x20,
       WSIG_FORM_IMPLICIT_CONST = 0x21,
       WSIG_FORM_LOCLISTX = 0x22,
       WSIG_FORM_RNGLISTX = 0x23,
       WSIG_FORM_REF_SUP8 = 0x24,
       WSIG_FORM_STRX1 = 0x25,
       WSIG_FORM_STRX2 = 0x26,
       WSIG_FORM_STRX3 = 0x27,
       WSIG_FORM_STRX4 = 0x28,
       WSIG_FORM_ADDRX1 = 0x29,
       WSIG_FORM_ADDRX2 = 0x2a,
       WSIG_FORM_ADDRX3 = 0x2b,
       WSIG_FORM_ADDRX4 = 0x2c,
       WSIG_FORM_GNU_ADDR_INDEX = 0x1f01,
       WSIG_FORM_GNU_STR_INDEX = 0x1f02,
       WSIG_FORM_GNU_REF_ALT = 0x1f20,
       WSIG_FORM_GNU_STRP_ALT = 0x1f21,
       WSIG_FORM_LLVM_ADDRX_OFFSET = 0x2001
};

/** Widths, on which the encoding of forms depends. */
struct wsig_dwarf_widths {
  uint8_t version, address, offset;
};

/** An attribute in the declaration of an abbreviation. */
struct wsig_dwarf_spec {
  uint64_t name, form;
  int64_t implicit; /* for WSIG_FORM_IMPLICIT_CONST */
};

struct wsig_dwarf_abbreviation {
  uint64_t code, tag;
  size_t first, count; /* its specs */
};

/** One table of .debug_abbrev. All zeros: it has not been read. */
struct wsig_dwarf_abbreviations {
  struct wsig_dwarf_abbreviation *items; /* in ascending order of codes */
  size_t count, capacity;
  struct wsig_dwarf_spec *specs;
  size_t spec_count, spec_capacity;
  uint64_t offset;
  bool is_read;
};

/**
 * Tables that were read. Their cost is limited:
 *
 *  - The cost of an entry is in proportion to its bytes, whatever its
 *    abbreviation says. Attributes without bytes are stored only if they
 *    matter. Of other attributes, an abbreviation has at most
 *    WSIG_DWARF_ATTRIBUTES_MAX.
 *  - The cost of all tables is in proportion to the section. Units may
 *    alternate between some tables, but not between many.
 */
struct wsig_dwarf_tables {
  bool (*matters)(uint64_t name); /* for an attribute without bytes */
  struct wsig_dwarf_abbreviations tables[16];
  uint64_t bytes_read;
};

#define WSIG_DWARF_ATTRIBUTES_MAX 256
#define WSIG_DWARF_REREADS_MAX 64

/** The table at `offset`, valid until the next call; NULL: it was refused. */
const struct wsig_dwarf_abbreviations *wsig_dwarf_find_table(
    struct wsig_dwarf *dwarf, struct wsig_dwarf_tables *tables,
    uint64_t offset);
void wsig_dwarf_release_tables(struct wsig_dwarf_tables *tables);
/** NULL: there is no abbreviation with this code. */
const struct wsig_dwarf_abbreviation *wsig_dwarf_find_abbreviation(
    const struct wsig_dwarf_abbreviations *table, uint64_t code);

/** An attribute of an entry, with its value. */
struct wsig_dwarf_value {
  uint64_t name, form;
  size_t at, end;  /* its bytes; for a block, the bytes after the length */
  uint64_t number; /* 0 for strings and blocks */
  uint64_t offset; /* for WSIG_FORM_LLVM_ADDRX_OFFSET, the last 4 bytes */
};

/** False: the form is unknown, or the reader failed. */
bool wsig_dwarf_read_value(struct wsig_dwarf_reader *reader,
                           const struct wsig_dwarf_spec *spec,
                           const struct wsig_dwarf_widths *widths,
                           struct wsig_dwarf_value *value);

/* Classes (7.5.5). */
bool wsig_dwarf_is_address(const struct wsig_dwarf_value *value);
bool wsig_dwarf_is_constant(const struct wsig_dwarf_value *value);
bool wsig_dwarf_is_block(const struct wsig_dwarf_value *value);
/** An offset into another section. Before version 4 these were constants. */
bool wsig_dwarf_is_section_offset(const struct wsig_dwarf_value *value,
                                  const struct wsig_dwarf_widths *widths);

#endif

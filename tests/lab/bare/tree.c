// SPDX-License-Identifier: Apache-2.0
//
// A reader of flattened device trees (Devicetree Specification 0.4, chapter 5). A Node is the address of its
// FDT_BEGIN_NODE token.
#include "bare.h"

enum { kMagic = 0xd00dfeed, kBeginNode = 1, kEndNode = 2, kProperty = 3, kNop = 4, kEnd = 9 };

struct header {
  uint32_t magic, total_size, structure_at, strings_at, reservations_at, version, oldest_version, boot_processor,
      strings_size, structure_size;
};

const void *tree;

static const struct header *header(void) { return tree; }
uint32_t tree_size(void) { return be32(header()->total_size); }

const uint64_t *first_reservation(void) {
  return (const uint64_t *)((const char *)tree + be32(header()->reservations_at));
}

static const uint32_t *after_text(const uint32_t *at) {
  const char *text = (const char *)at;
  size_t length = 0;
  while (text[length]) ++length;
  return at + length / 4 + 1;
}

// Returns the next token; for one with a body, the body is skipped.
static const uint32_t *next_token(const uint32_t *token) {
  switch (be32(*token)) {
    case kBeginNode:
      return after_text(token + 1);
    case kProperty:
      return token + 3 + (be32(token[1]) + 3) / 4;
    default:
      return token + 1;
  }
}

// Checks that all tokens are known, that the nodes are closed, and that the block ends where the header says.
bool tree_is_sound(void) {
  if (be32(header()->magic) != kMagic || be32(header()->version) < 17 || be32(header()->oldest_version) > 17)
    return false;
  const uint32_t *at = (const uint32_t *)((const char *)tree + be32(header()->structure_at));
  const uint32_t *end = at + be32(header()->structure_size) / 4;
  if (be32(header()->structure_at) + be32(header()->structure_size) > tree_size()) return false;
  if (be32(header()->strings_at) + be32(header()->strings_size) > tree_size()) return false;
  int depth = 0;
  for (; at < end; at = next_token(at)) {
    const uint32_t token = be32(*at);
    if (token == kEnd) return depth == 0 && at + 1 == end;
    if (token == kBeginNode) ++depth;
    if (token == kEndNode) --depth;
    if (depth < 1 && token != kEndNode && token != kNop) return false;
    if (token == kProperty && be32(at[2]) >= be32(header()->strings_size)) return false;
    if (token < kBeginNode || token > kNop) return false;
  }
  return false;
}

static Node root(void) {
  const uint32_t *at = (const uint32_t *)((const char *)tree + be32(header()->structure_at));
  while (be32(*at) == kNop) ++at;
  return at;
}

Node first_child(Node parent) {
  for (const uint32_t *at = next_token(parent);; at = next_token(at)) {
    if (be32(*at) == kBeginNode) return at;
    if (be32(*at) == kEndNode || be32(*at) == kEnd) return NULL;
  }
}

Node next_sibling(Node node) {
  int depth = 0;
  for (const uint32_t *at = node;; at = next_token(at)) {
    const uint32_t token = be32(*at);
    if (token == kBeginNode && depth == 0 && at != node) return at;
    if (token == kBeginNode) ++depth;
    if (token == kEndNode && --depth < 0) return NULL;
    if (token == kEnd) return NULL;
  }
}

// Returns the text after the component if it is the node's name, with or without its unit address; NULL otherwise.
static const char *match(Node node, const char *component) {
  const char *name = (const char *)(node + 1);
  while (*name && *name == *component) ++name, ++component;
  const bool name_ends = *name == '\0' || *name == '@';
  return name_ends && (*component == '\0' || *component == '/') ? component : NULL;
}

Node find_node(const char *path) {
  Node node = root();
  for (++path; *path;) {
    const char *rest = NULL;
    for (node = first_child(node); node && !(rest = match(node, path));) node = next_sibling(node);
    if (!node) return NULL;
    path = *rest == '/' ? rest + 1 : rest;
  }
  return node;
}

const void *property(Node node, const char *name, uint32_t *length) {
  if (!node) return NULL;
  const char *strings = (const char *)tree + be32(header()->strings_at);
  for (const uint32_t *at = next_token(node); be32(*at) == kProperty || be32(*at) == kNop; at = next_token(at)) {
    if (be32(*at) != kProperty || !is_same_text(strings + be32(at[2]), name)) continue;
    if (length) *length = be32(at[1]);
    return at + 3;
  }
  return NULL;
}

bool cell(Node node, const char *name, uint32_t *value) {
  uint32_t length;
  const uint32_t *cells = property(node, name, &length);
  if (!cells || length < 4) return false;
  *value = be32(*cells);
  return true;
}

uint64_t number_property(Node node, const char *name) {
  uint32_t length;
  const uint32_t *cells = property(node, name, &length);
  if (!cells) return 0;
  return length == 8 ? (uint64_t)be32(cells[0]) << 32 | be32(cells[1]) : length == 4 ? be32(cells[0]) : 0;
}

bool has_text(Node node, const char *name, const char *text) {
  uint32_t length;
  const char *at = property(node, name, &length);
  if (!at) return false;
  for (const char *end = at + length; at < end;) {
    if (is_same_text(at, text)) return true;
    while (at < end && *at) ++at;
    ++at;
  }
  return false;
}

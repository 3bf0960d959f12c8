// SPDX-License-Identifier: Apache-2.0
//
// Strings, the command line, and the functions that GCC calls implicitly.
#include "bare.h"

const char *bootargs = "";

void *memcpy(void *to, const void *from, size_t size) {
  for (size_t i = 0; i < size; ++i) ((volatile char *)to)[i] = ((const char *)from)[i];
  return to;
}

void *memset(void *to, int value, size_t size) {
  for (size_t i = 0; i < size; ++i) ((volatile char *)to)[i] = value;
  return to;
}

bool is_same_text(const char *a, const char *b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

// Finds the word that begins with `name`; returns the text after `name`.
static const char *find_word(const char *start) {
  for (const char *at = bootargs; *at;) {
    size_t same = 0;
    while (start[same] && at[same] == start[same]) ++same;
    if (!start[same]) return at + same;
    while (*at && *at != ' ') ++at;
    while (*at == ' ') ++at;
  }
  return NULL;
}

bool has_word(const char *word) {
  const char *end = find_word(word);
  return end && (*end == ' ' || *end == '\0');
}

uint64_t place_of(const char *name) {
  const char *end = find_word(name);
  if (!end) return 0;
  while (end > bootargs && end[-1] != ' ') --end;
  return end - bootargs;
}

bool option(const char *name, uint64_t *value) {
  const char *at = find_word(name);
  if (!at || *at++ != '=') return false;
  const bool is_hexadecimal = at[0] == '0' && at[1] == 'x';
  if (is_hexadecimal) at += 2;
  for (*value = 0; *at && *at != ' '; ++at) {
    const uint64_t digit = *at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10;
    *value = *value * (is_hexadecimal ? 16 : 10) + digit;
  }
  return true;
}

// The 64-bit FNV-1a hash (RFC 9923). It depends on the position of each byte.
uint64_t checksum(const void *at, uint64_t size) {
  uint64_t sum = 0xcbf29ce484222325;
  for (uint64_t i = 0; i < size; ++i) sum = (sum ^ ((const uint8_t *)at)[i]) * 0x100000001b3;
  return sum;
}

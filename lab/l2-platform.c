/* SPDX-License-Identifier: Apache-2.0 */
/* Prints AT_PLATFORM, the level that the kernel reports to programs. */
#include <stdio.h>
#include <sys/auxv.h>

int main(void) {
  const char *platform = (const char *)getauxval(AT_PLATFORM);
  puts(platform != NULL ? platform : "none");
  return platform == NULL;
}

/* JSON documents as the build of a wheel reads them, where cJSON is ours alone and its nodes come
 * from an arena: the tests of test_json.c once more. */
#define SIM_PRIVATE_CJSON
#include "../../csrc/core/json.c" /* instead of the library's */

#include "test_json.c"

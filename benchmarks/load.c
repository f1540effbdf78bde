/* Loads the shared libraries that it is given and ends: what the dynamic linker takes for them. */
#include <dlfcn.h>
#include <stddef.h>

int main(int count, char **names)
{
    for (int i = 1; i < count; i++)
        if (dlopen(names[i], RTLD_NOW) == NULL)
            return 1;
    return 0;
}

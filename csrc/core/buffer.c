#include "core/buffer.h"

#include <stdint.h>
#include <string.h>

#include "core/memory.h"

enum {
    FIRST_CAPACITY = 1024,           /* small answers fit without a second allocation */
    RESERVE_MOST = 64 * 1024 * 1024, /* so many bytes are believed to come */
};

void sim_buffer_init(struct sim_buffer *buffer, size_t limit)
{
    *buffer = (struct sim_buffer){.limit = limit};
}

void sim_buffer_fini(struct sim_buffer *buffer)
{
    sim_free(buffer->data);
    *buffer = (struct sim_buffer){.limit = buffer->limit};
}

void sim_buffer_clear(struct sim_buffer *buffer)
{
    buffer->length = 0;
    if (buffer->data != NULL)
        buffer->data[0] = '\0';
}

enum sim_status sim_buffer_reserve(struct sim_buffer *buffer, size_t length, char **place)
{
    size_t needed, capacity;
    char *data;

    if (length > buffer->limit - buffer->length || length > SIZE_MAX - 1 - buffer->length)
        return SIM_LIMIT;
    needed = buffer->length + length + 1;
    if (needed > buffer->capacity) {
        /* Growth by half keeps appending linear and wastes less than doubling on a large body. */
        capacity = buffer->capacity + buffer->capacity / 2;
        if (capacity < needed)
            capacity = needed;
        if (capacity < FIRST_CAPACITY)
            capacity = FIRST_CAPACITY;
        data = sim_realloc(buffer->data, capacity);
        if (data == NULL)
            return SIM_NO_MEMORY;
        data[buffer->length] = '\0';
        buffer->data = data;
        buffer->capacity = capacity;
    }
    *place = buffer->data + buffer->length;
    return SIM_OK;
}

void sim_buffer_commit(struct sim_buffer *buffer, size_t length)
{
    buffer->length += length;
    buffer->data[buffer->length] = '\0';
}

enum sim_status sim_buffer_expect(struct sim_buffer *buffer, unsigned long long length)
{
    size_t believed = length < RESERVE_MOST ? (size_t)length : RESERVE_MOST;
    char *place = NULL;

    return believed <= buffer->limit - buffer->length ? sim_buffer_reserve(buffer, believed, &place)
                                                      : SIM_OK;
}

enum sim_status sim_buffer_append(struct sim_buffer *buffer, const char *bytes, size_t length)
{
    char *place = NULL;
    enum sim_status status = sim_buffer_reserve(buffer, length, &place);

    if (status != SIM_OK)
        return status;
    if (length > 0)
        memcpy(place, bytes, length);
    sim_buffer_commit(buffer, length);
    return SIM_OK;
}

enum sim_status sim_buffer_append_text(struct sim_buffer *buffer, const char *text)
{
    return sim_buffer_append(buffer, text, strlen(text));
}

enum sim_status sim_buffer_append_char(struct sim_buffer *buffer, char character)
{
    if (buffer->length >= buffer->limit || buffer->capacity - buffer->length < 2)
        return sim_buffer_append(buffer, &character, 1);
    buffer->data[buffer->length] = character;
    sim_buffer_commit(buffer, 1);
    return SIM_OK;
}

enum sim_status sim_buffer_set(struct sim_buffer *buffer, struct sim_text text)
{
    sim_buffer_clear(buffer);
    return sim_buffer_append(buffer, text.data, text.length);
}

struct sim_text sim_buffer_text(const struct sim_buffer *buffer)
{
    return (struct sim_text){buffer->data, buffer->length};
}

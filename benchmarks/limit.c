/* The limit: the same exchanges with libcurl and cJSON, and nothing else.
 *
 *     limit [URL WORKFLOW [careful]]
 *
 * Speaks worker.py's protocol: a number of calls on each line of the input, what they took as
 * JSON on each line of the output. It sets the options that a careful C program would: no signals,
 * compressed answers welcome, no 100-continue, one handle for all calls. Like a client, it makes
 * the request's text anew for every call and looks at status, success and output of the answer.
 * With "careful" it also asks the kernel what a call of ours asks: whether the kept connection is
 * quiet, and whether the certificates are there. Without arguments it tells libcurl's version. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include <cjson/cJSON.h>

struct body {
    char *data;
    size_t length, capacity;
};

static size_t on_body(char *bytes, size_t unit, size_t count, void *context)
{
    struct body *body = context;
    size_t length = unit * count;

    if (body->capacity - body->length < length) {
        body->capacity = (body->capacity + length) * 2;
        body->data = realloc(body->data, body->capacity);
        if (body->data == NULL)
            return 0;
    }
    memcpy(body->data + body->length, bytes, length);
    body->length += length;
    return length;
}

static void look(CURL *easy)
{
    curl_socket_t connection = CURL_SOCKET_BAD;
    struct stat bundle;
    char byte;

    if (curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &connection) == CURLE_OK &&
        connection != CURL_SOCKET_BAD)
        (void)recv(connection, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    (void)stat(getenv("REQUESTS_CA_BUNDLE"), &bundle);
}

static int call(CURL *easy, const char *target, struct body *body)
{
    cJSON *input = cJSON_CreateObject(), *answer = NULL;
    char *text = NULL;
    long http_status = 0;
    int good = 0;

    cJSON_AddStringToObject(input, "message", "Hello");
    cJSON_AddNumberToObject(input, "count", 3);
    text = cJSON_PrintUnformatted(input);
    cJSON_Delete(input);
    body->length = 0;
    if (text == NULL || curl_easy_setopt(easy, CURLOPT_URL, target) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(text)) != CURLE_OK ||
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, text) != CURLE_OK ||
        curl_easy_perform(easy) != CURLE_OK ||
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http_status) != CURLE_OK)
        goto done;
    answer = cJSON_ParseWithLength(body->data, body->length);
    good = http_status == 200 && cJSON_IsTrue(cJSON_GetObjectItem(answer, "success")) &&
           cJSON_GetObjectItem(answer, "output") != NULL;
done:
    cJSON_Delete(answer);
    cJSON_free(text);
    return good;
}

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

static int measure(CURL *easy, const char *target, struct body *body, long count, int is_careful)
{
    struct rusage before, after;
    struct timespec start, end;
    double cpu;

    (void)getrusage(RUSAGE_SELF, &before);
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (long i = 0; i < count; i++) {
        if (is_careful)
            look(easy);
        if (!call(easy, target, body))
            return 0;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    (void)getrusage(RUSAGE_SELF, &after);
    cpu = seconds(&after.ru_utime) - seconds(&before.ru_utime) + seconds(&after.ru_stime) -
          seconds(&before.ru_stime);
    printf("{\"wall\": %.9f, \"cpu\": %.9f}\n",
           (double)(end.tv_sec - start.tv_sec) + (double)(end.tv_nsec - start.tv_nsec) / 1e9, cpu);
    return fflush(stdout) == 0;
}

int main(int count, char **arguments)
{
    struct body body = {NULL, 0, 0};
    struct curl_slist *headers = NULL;
    char target[512], line[64];
    CURL *easy;
    int good = 1;

    if (count == 1)
        return puts(curl_version_info(CURLVERSION_NOW)->version) == EOF;
    if (count < 3 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return 2;
    (void)snprintf(target, sizeof target, "%s/api/workflows/%s/execute", arguments[1],
                   arguments[2]);
    easy = curl_easy_init();
    headers = curl_slist_append(headers, "Expect:");
    headers = curl_slist_append(headers, "User-Agent: limit");
    headers = curl_slist_append(headers, "X-API-Key: benchmark");
    headers = curl_slist_append(headers, "Content-Type: application/json");
    if (easy == NULL || headers == NULL)
        return 2;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 30L);
    curl_easy_setopt(easy, CURLOPT_CAINFO, getenv("REQUESTS_CA_BUNDLE"));
    while (good && fgets(line, sizeof line, stdin) != NULL)
        good = measure(easy, target, &body, strtol(line, NULL, 10), count > 3);
    curl_easy_cleanup(easy);
    curl_slist_free_all(headers);
    curl_global_cleanup();
    free(body.data);
    return good ? 0 : 1;
}

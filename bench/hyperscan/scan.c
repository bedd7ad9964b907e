// Scans a text with Hyperscan, in pieces of 64 KB, and prints megabytes per second, hits
// and bytes of the database. Built by the benchmark if libhyperscan is there.
//
//	scan PHRASES TEXT    (one phrase a line, lower case)
#define _POSIX_C_SOURCE 200809L
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static char *slurp(const char *path, size_t *size) {
	FILE *f = fopen(path, "rb");
	if (!f) { perror(path); exit(1); }
	fseek(f, 0, SEEK_END);
	*size = ftell(f);
	rewind(f);
	char *b = malloc(*size + 1);
	if (!b || fread(b, 1, *size, f) != *size) { perror(path); exit(1); }
	b[*size] = 0;
	fclose(f);
	return b;
}

static unsigned long long hits;

static int count(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx) {
	(void)id; (void)from; (void)to; (void)flags; (void)ctx;
	hits++;
	return 0;
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
	if (argc != 3) return 2;
	size_t size, n = 0;
	char *list = slurp(argv[1], &size);
	const char **phrases = calloc(size + 1, sizeof *phrases);
	unsigned *flags = calloc(size + 1, sizeof *flags), *ids = calloc(size + 1, sizeof *ids);
	size_t *lengths = calloc(size + 1, sizeof *lengths);
	for (char *p = strtok(list, "\n"); p; p = strtok(NULL, "\n"), n++) {
		phrases[n] = p;
		lengths[n] = strlen(p);
		flags[n] = HS_FLAG_CASELESS;
		ids[n] = n;
	}
	hs_database_t *db;
	hs_compile_error_t *err;
	if (hs_compile_lit_multi(phrases, flags, ids, lengths, n, HS_MODE_BLOCK, NULL, &db, &err) != HS_SUCCESS) {
		fprintf(stderr, "compile: %s\n", err->message);
		return 1;
	}
	hs_scratch_t *scratch = NULL;
	hs_alloc_scratch(db, &scratch);
	size_t bytes;
	hs_database_size(db, &bytes);
	char *text = slurp(argv[2], &size);
	double took = 0;
	for (int round = 0; round < 2; round++) { // the first warms up
		hits = 0;
		double begun = now();
		for (size_t at = 0; at < size; at += 65536)
			hs_scan(db, text + at, size - at < 65536 ? size - at : 65536, 0, scratch, count, NULL);
		took = now() - begun;
	}
	printf("%f %llu %zu\n", size / 1e6 / took, hits, bytes);
	return 0;
}

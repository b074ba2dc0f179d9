/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Weights files made to do harm, and damaged ones: each is refused with one
 * clear line, nothing in it is executed, memory stays bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "ckpt_file.h"
#include "networks/sd_weights.h"
#include "temp_file.h"
#include "weights/ckpt.h"
#include "weights/safetensors.h"

#define CAP_BYTES (64u << 20) /* of one allocation, for the smallest of files */
#define N_TRUNCATIONS 64u

static pith_env env;
static capped_alloc counter;
static const float VALUES[6] = {1, -2, 3.5f, 0.25f, -5, 6};
static const pk_tensor MATRIX = {"FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}};

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    counter.cap_bytes = CAP_BYTES;
    env.alloc = capped_alloc_make(&counter);
    return 0;
}

/* ---- what a refusal is ---------------------------------------------------------------- */

static void assert_one_line(const pith_diag *diag, const char *expected) {
    assert_true(diag->message[0] != '\0');
    for (const char *c = diag->message; *c; c++) assert_true((unsigned char)*c >= ' ');
    if (expected && !strstr(diag->message, expected))
        fail_msg("\"%s\" says nothing of \"%s\"", diag->message, expected);
}

static void assert_refused(const byte_writer *file, const char *expected) {
    pith_diag diag = {0};
    tensor_table *table = NULL;
    size_t live = counter.n_live;
    assert_int_not_equal(ckpt_read(&table, &env, file->data, file->n_bytes, &diag), PITH_OK);
    assert_null(table);
    assert_one_line(&diag, expected);
    assert_int_equal(counter.n_live, live);
}

static void zip_up(byte_writer *file, const byte_writer *p) {
    zip_spec members[] = {{.name = "archive/data.pkl", .data = p->data, .n_bytes = p->n_bytes},
                          {.name = "archive/data/0", .data = VALUES, .n_bytes = sizeof VALUES}};
    bw_init(file, NULL);
    zip_put(file, members, 2, ZIP_TORCH);
}

/* A pickle as the whole of a checkpoint. */
static void assert_pickle_refused(byte_writer *p, const char *expected) {
    byte_writer file;
    zip_up(&file, p);
    assert_refused(&file, expected);
    bw_free(&file);
    bw_free(p);
}

static void start(byte_writer *p) {
    bw_init(p, NULL);
    pk_start(p, 2);
    pk_op(p, '}');
    pk_text(p, "w");
}

static void finish(byte_writer *p) { pk_ops(p, "s."); }

/* ---- code ----------------------------------------------------------------------------------- */

static void a_call_of_the_shell_is_refused_and_not_made(void **state) {
    (void)state;
    static const char *const modules[] = {"os", "posix", "nt"};
    const char *marker = temp_path("executed");
    char command[5000];
    snprintf(command, sizeof command, "touch %s", marker);
    for (size_t i = 0; i < 3; i++) {
        byte_writer p;
        char expected[64];
        start(&p);
        pk_global(&p, modules[i], "system");
        pk_op(&p, '(');
        pk_text(&p, command);
        pk_ops(&p, "tR");
        finish(&p);
        snprintf(expected, sizeof expected, "asks for %s.system", modules[i]);
        assert_pickle_refused(&p, expected);
    }
    assert_int_not_equal(access(marker, F_OK), 0);
}

static void other_globals_that_run_code_are_refused(void **state) {
    (void)state;
    static const char *const globals[][2] = {
        {"builtins", "eval"},
        {"builtins", "exec"},
        {"__builtin__", "eval"},
        {"builtins", "getattr"},
        {"subprocess", "Popen"},
        {"runpy", "run_path"},
        {"importlib", "import_module"},
        {"torchvision", "models"},
        {"collections.abc", "x"},
        {"builtinsx", "dict"},
        {"osx", "system"},
        {"", "system"},
        {"_pickle", "loads"},
        {"functools", "partial"},
        {"operator", "attrgetter"},
        {"sys", "exit"},
    };
    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++) {
        byte_writer p;
        start(&p);
        pk_text(&p, globals[i][0]); /* by STACK_GLOBAL, which hides better */
        pk_text(&p, globals[i][1]);
        bw_u8(&p, 0x93);
        pk_ops(&p, ")R");
        finish(&p);
        assert_pickle_refused(&p, "nothing was run");
    }
}

static void opcodes_that_make_objects_otherwise_are_refused(void **state) {
    (void)state;
    /* INST, OBJ, EXT1, EXT2, EXT4, PERSID, GET, PUT, FLOAT, INT, UNICODE, STRING, LONG, NEXT_BUFFER, READONLY_BUFFER */
    static const uint8_t ops[] = {'i', 'o', 0x82, 0x83, 0x84, 'P',  'g',  'p', 'F',
                                  'I', 'V', 'S',  'L',  0x97, 0x98, 0xff, 0};
    for (size_t i = 0; i < sizeof ops; i++) {
        byte_writer p;
        char expected[64];
        start(&p);
        bw_u8(&p, ops[i]);
        pk_ops(&p, "os\nsystem\n");
        finish(&p);
        snprintf(expected, sizeof expected, "opcode 0x%02x", ops[i]);
        assert_pickle_refused(&p, expected);
    }
}

/* What a class of a known package makes is no tensor, whoever calls it one. */
static void tensors_of_unknown_origin_are_not_used(void **state) {
    (void)state;
    byte_writer p, file;
    start(&p);
    pk_global(&p, "torch._utils", "_rebuild_tensor_v2");
    pk_op(&p, '(');
    pk_global(&p, "torch.hub", "load");
    pk_ops(&p, ")R"); /* in the storage's place */
    pk_ops(&p, "K\1(K\1t(K\1t");
    bw_u8(&p, 0x89);
    pk_ops(&p, "}tR");
    finish(&p);
    zip_up(&file, &p);
    pith_diag diag = {0};
    tensor_table *table = NULL;
    pith_status status = ckpt_read(&table, &env, file.data, file.n_bytes, &diag);
    assert_true(status != PITH_OK || tensor_table_at(table, 0)->fault);
    tensor_table_free(&table);
    bw_free(&file);
    bw_free(&p);
}

/* ---- shapes and places ------------------------------------------------------------------------- */

static void tensors_that_do_not_fit_their_storage_are_refused(void **state) {
    (void)state;
    static const struct {
        pk_tensor t;
        const char *expected;
    } cases[] = {
        {{"FloatStorage", "0", 6, 0, 1, {1000000000}, {1}}, "its storage has 6"},
        {{"FloatStorage", "0", 6, 0, 2, {1000000000, 1000000000}, {1000000000, 1}}, "its storage has 6"},
        {{"FloatStorage", "0", 6, 0, 3, {INT64_MAX, INT64_MAX, 2}, {1, 1, 1}}, "overflows"},
        {{"FloatStorage", "0", 6, 1, 2, {2, 3}, {3, 1}}, "6 elements from 1 on"},
        {{"FloatStorage", "0", 6, INT64_MAX, 1, {1}, {1}}, "its storage has 6"},
        {{"FloatStorage", "0", 6, -1, 1, {1}, {1}}, "offset"},
        {{"FloatStorage", "0", 6, 0, 1, {-1}, {1}}, "shape"},
        {{"FloatStorage", "0", 6, 0, 1, {6}, {-1}}, "strides"},
        {{"FloatStorage", "7", 6, 0, 1, {6}, {1}}, "storage 7 is not in the file"},
        {{"FloatStorage", "../../etc/passwd", 6, 0, 1, {6}, {1}}, "is not in the file"},
        {{"FloatStorage", "0", 600, 0, 1, {600}, {1}}, "has 24 bytes"},
        {{"FloatStorage", "0", 5, 0, 1, {5}, {1}}, "has 24 bytes"},
        {{"HalfStorage", "0", 6, 0, 1, {6}, {1}}, "6 elements of 2 bytes"},
        {{"DoubleStorage", "0", 6, 0, 1, {6}, {1}}, "6 elements of 8 bytes"},
        {{"FloatStorage", "0", INT64_MAX, 0, 1, {6}, {1}}, "has 24 bytes"},
        {{"FloatStorage", "0", -6, 0, 1, {6}, {1}}, "persistent id"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        byte_writer p;
        start(&p);
        pk_put_tensor(&p, &cases[i].t);
        finish(&p);
        assert_pickle_refused(&p, cases[i].expected);
    }
}

static void shapes_and_strides_of_different_lengths_are_refused(void **state) {
    (void)state;
    byte_writer p;
    start(&p);
    pk_global(&p, "torch._utils", "_rebuild_tensor_v2");
    pk_op(&p, '(');
    pk_storage(&p, &MATRIX);
    pk_int(&p, 0);
    pk_ops(&p, "(K\6t)tR"); /* one dimension, no stride */
    finish(&p);
    assert_pickle_refused(&p, "shape or strides");
}

static void protocols_that_torch_never_wrote_are_refused(void **state) {
    (void)state;
    static const unsigned protocols[] = {0, 1, 6, 255};
    for (size_t i = 0; i < 4; i++) {
        byte_writer p;
        bw_init(&p, NULL);
        pk_start(&p, protocols[i]);
        pk_ops(&p, "}.");
        assert_pickle_refused(&p, "2 to 5 are read");
    }
}

static void put_two(byte_writer *p, const char *name, const pk_tensor *first, const pk_tensor *second) {
    start(p);
    pk_put_tensor(p, first);
    pk_op(p, 's');
    pk_text(p, name);
    pk_put_tensor(p, second);
    finish(p);
}

static void overlapping_tensors_and_repeated_names_are_refused(void **state) {
    (void)state;
    static const pk_tensor first = {"FloatStorage", "0", 6, 0, 1, {4}, {1}};
    static const pk_tensor second = {"FloatStorage", "0", 6, 3, 1, {3}, {1}};
    byte_writer p;
    put_two(&p, "v", &first, &second);
    assert_pickle_refused(&p, "overlaps");
    put_two(&p, "w", &MATRIX, &MATRIX);
    assert_pickle_refused(&p, "tensor w occurs twice");
}

static void a_persistent_id_that_is_no_storage_is_refused(void **state) {
    (void)state;
    byte_writer p;
    start(&p);
    pk_op(&p, '(');
    pk_text(&p, "module");
    pk_ops(&p, "tQ");
    finish(&p);
    assert_pickle_refused(&p, "persistent id");
    start(&p);
    pk_text(&p, "storage");
    pk_op(&p, 'Q');
    finish(&p);
    assert_pickle_refused(&p, "persistent id");
}

/* ---- memory and time ---------------------------------------------------------------------------- */

static void pickles_that_grow_are_stopped(void **state) {
    (void)state;
    byte_writer p;
    start(&p); /* a stack of marks */
    for (int i = 0; i < 100000; i++) pk_op(&p, '(');
    assert_pickle_refused(&p, "marks on the stack");
    start(&p); /* lists inside lists */
    for (int i = 0; i < 2000000; i++) pk_op(&p, ']');
    assert_pickle_refused(&p, "on the stack");
    start(&p); /* values without end */
    for (int i = 0; i < 2000000; i++) pk_ops(&p, "N0");
    assert_pickle_refused(&p, "values");
    start(&p); /* a memo far away */
    pk_ops(&p, "Nr\377\377\377\377");
    assert_pickle_refused(&p, "memo 4294967295");
    start(&p); /* a text of 4 GB */
    pk_ops(&p, "X\377\377\377\377");
    assert_pickle_refused(&p, "a text of 4294967295 bytes");
    start(&p); /* an integer of 2 GB */
    bw_u8(&p, 0x8b);
    pk_ops(&p, "\377\377\377\177");
    assert_pickle_refused(&p, "needs 2147483647 bytes");
    start(&p); /* a text of 2^63 bytes */
    bw_u8(&p, 0x8d);
    bw_u64le(&p, (uint64_t)1 << 63);
    assert_pickle_refused(&p, "a text of");
}

/* One list, doubled again and again by calls that copy it. */
static void copies_of_copies_are_stopped(void **state) {
    (void)state;
    byte_writer p;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_ops(&p, "](");
    for (int i = 0; i < 10000; i++) {
        pk_ops(&p, "NN");
        bw_u8(&p, 0x86);
    }
    pk_ops(&p, "eq");
    bw_u8(&p, 0);
    bw_u8(&p, 0x85);
    pk_ops(&p, "q\1");
    pk_global(&p, "collections", "OrderedDict");
    pk_ops(&p, "q\2");
    for (int i = 0; i < 100000; i++) pk_ops(&p, "h\2h\1R");
    pk_op(&p, '.');
    assert_pickle_refused(&p, "items");
}

static void a_list_that_holds_itself_does_no_harm(void **state) {
    (void)state;
    byte_writer p;
    bw_init(&p, NULL);
    pk_start(&p, 2);
    pk_ops(&p, "}q\1");
    pk_text(&p, "state_dict");
    pk_ops(&p, "h\1s.");
    assert_pickle_refused(&p, "no state dict");
}

/* ---- zip files ------------------------------------------------------------------------------------ */

static void assert_zip_refused(const zip_spec *members, size_t n, zip_style style, const char *expected) {
    byte_writer file;
    bw_init(&file, NULL);
    zip_put(&file, members, n, style);
    assert_refused(&file, expected);
    bw_free(&file);
}

static void members_that_are_not_what_they_say_are_refused(void **state) {
    (void)state;
    static const uint8_t data[100];
    static const struct {
        zip_spec member;
        const char *expected;
    } cases[] = {
        {{.name = "a/x", .data = data, .n_bytes = 100, .method = 12}, "a/x is compressed by method 12"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .method = 8, .directory_unpacked = 5000000000},
         "100 bytes cannot become 5000000000"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .method = 8, .directory_unpacked = 90000}, "differ about a/x"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .directory_unpacked = 5000000000}, "is stored, but 100 bytes"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .directory_bytes = 5000000000}, "differ about a/x"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .directory_bytes = UINT64_MAX}, "differ about a/x"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .flags = 1}, "a/x is encrypted"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .flags = 0x40}, "a/x is encrypted"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .local_name = "a/y"}, "differ about a/x"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .header_offset = 100000}, "past the members"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .header_offset = UINT64_MAX}, "past the members"},
        {{.name = "a/x", .data = data, .n_bytes = 100, .header_offset = 2}, "no member here"},
        {{.name = "", .data = data, .n_bytes = 100}, "name is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (zip_style style = ZIP_PLAIN; style <= ZIP_64; style++)
            assert_zip_refused(&cases[i].member, 1, style, style == ZIP_PLAIN ? cases[i].expected : NULL);
}

static void members_that_overlap_or_repeat_are_refused(void **state) {
    (void)state;
    static const uint8_t data[100];
    const zip_spec twice[] = {{.name = "a/x", .data = data, .n_bytes = 100},
                              {.name = "a/x", .data = data, .n_bytes = 10}};
    assert_zip_refused(twice, 2, ZIP_TORCH, "a/x occurs twice");
    /* Two entries for one place: the quoted-overlap bomb in small. */
    const zip_spec same[] = {{.name = "a/x", .data = data, .n_bytes = 100},
                             {.name = "a/x", .data = data, .n_bytes = 100, .header_offset = 1}};
    assert_zip_refused(same, 2, ZIP_TORCH, "overlaps");

    const zip_spec inner_spec = {.name = "a/y", .data = data, .n_bytes = 10}; /* a member inside another's data */
    byte_writer inner;
    bw_init(&inner, NULL);
    zip_put(&inner, &inner_spec, 1, ZIP_PLAIN);
    const zip_spec nested[] = {{.name = "a/x", .data = inner.data, .n_bytes = inner.n_bytes},
                               {.name = "a/y", .data = data, .n_bytes = 10, .header_offset = 30 + 3 + 1}};
    assert_zip_refused(nested, 2, ZIP_PLAIN, "a/y overlaps");
    bw_free(&inner);
}

static void zip_files_without_a_checkpoint_are_refused(void **state) {
    (void)state;
    static const char code[] = "code";
    const zip_spec other[] = {{.name = "readme.txt", .data = code, .n_bytes = 4}};
    assert_zip_refused(other, 1, ZIP_PLAIN, "no data.pkl");
    assert_zip_refused(other, 0, ZIP_PLAIN, "no data.pkl");
    const zip_spec script[] = {{.name = "a/data.pkl", .data = code, .n_bytes = 4},
                               {.name = "a/constants.pkl", .data = code, .n_bytes = 4}};
    assert_zip_refused(script, 2, ZIP_TORCH, "TorchScript");
    const zip_spec big[] = {{.name = "a/data.pkl", .data = code, .n_bytes = 4},
                            {.name = "a/byteorder", .data = "big", .n_bytes = 3}};
    assert_zip_refused(big, 2, ZIP_TORCH, "big-endian");
    const zip_spec bare[] = {{.name = "a/data.pkl", .data = code, .n_bytes = 4}};
    assert_zip_refused(bare, 1, ZIP_TORCH, "does not begin with a protocol");
}

/* End records that lie about their directory. */
static void directories_outside_the_file_are_refused(void **state) {
    (void)state;
    static const uint8_t data[4];
    static const struct {
        size_t from_end; /* of the field in the plain end record */
        uint32_t value;
    } cases[] = {{10, 0x7fffffff}, {6, 0x7fffffff}, {10, 0xfffffffe}, {12, 0xfffe}, {10, 0xffffffff}, {6, 0xffffffff}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        zip_spec m = {.name = "a/data.pkl", .data = data, .n_bytes = 4};
        byte_writer file;
        bw_init(&file, NULL);
        zip_put(&file, &m, 1, ZIP_PLAIN);
        for (size_t b = 0; b < (cases[i].from_end == 12 ? 2u : 4u); b++)
            file.data[file.n_bytes - cases[i].from_end + b] = (uint8_t)(cases[i].value >> (8 * b));
        assert_refused(&file, "zip");
        bw_free(&file);
    }
}

/* ---- files --------------------------------------------------------------------------------------------- */

static void put_good(byte_writer *file) {
    byte_writer p;
    start(&p);
    pk_put_tensor(&p, &MATRIX);
    finish(&p);
    zip_up(file, &p);
    bw_free(&p);
}

static void assert_file_refused(const char *name, const void *data, size_t n_bytes, const char *expected) {
    pith_diag diag = {0};
    tensor_table *table = NULL;
    temp_write(name, data, n_bytes);
    assert_int_not_equal(sd_weights_open(&table, &env, temp_path(name), &diag), PITH_OK);
    assert_null(table);
    assert_one_line(&diag, expected);
    assert_int_equal(counter.n_live, 0);
}

static void put_safetensors(byte_writer *w, uint64_t header_bytes, const char *header, size_t data_bytes) {
    bw_init(w, NULL);
    bw_u64le(w, header_bytes ? header_bytes : strlen(header));
    bw_bytes(w, header, strlen(header));
    for (size_t i = 0; i < data_bytes; i++) bw_u8(w, 0);
}

#define TENSOR(name, dtype, shape, begin, end)                                                                         \
    "\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" begin "," end "]}"

static void hostile_safetensors_are_refused(void **state) {
    (void)state;
    static const struct {
        uint64_t header_bytes;
        const char *header, *expected;
    } cases[] = {
        {(uint64_t)1 << 63, "{}", "9223372036854775808"},
        {UINT64_MAX, "{}", "18446744073709551615"},
        {1000, "{}", "header of 1000 bytes"},
        {0, "{" TENSOR("a", "F32", "1000000000", "0", "4000000000") "}", "tensor a"},
        {0, "{" TENSOR("a", "F32", "4294967296,4294967296", "0", "8") "}", "overflows"},
        {0, "{" TENSOR("a", "F32", "2", "0", "8") "," TENSOR("b", "F32", "1", "4", "8") "}", "inside a"},
        {0, "{" TENSOR("a", "F32", "2", "8", "16") "}", "tensor a"},
        {0, "{" TENSOR("a", "F16", "2", "0", "8") "}", "tensor a: has 8 bytes, its type and shape need 4"},
        {0, "{" TENSOR("a", "F32", "2", "0", "8") "," TENSOR("a", "F32", "2", "0", "8") "}", "duplicate"},
        {0, "{" TENSOR("a", "F32", "2", "8", "0") "}", "tensor a"},
        {0, "[[[[[[[[[[", "safetensors"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        byte_writer w;
        put_safetensors(&w, cases[i].header_bytes, cases[i].header, 8);
        assert_file_refused("hostile.safetensors", w.data, w.n_bytes, cases[i].expected);
        bw_free(&w);
    }
}

static void other_files_are_named(void **state) {
    (void)state;
    assert_file_refused("x", "GGUF\3\0\0\0........", 16, "GGUF");
    assert_file_refused("x", "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15, "before version 1.6");
    assert_file_refused("x", "\x80\x02}q\1X\1\0\0\0a", 11, "bare pickle");
    assert_file_refused("x", "\x89PNG\r\n\x1a\n........", 16, "safetensors");
    assert_file_refused("x", "PK\3\4", 4, "zip");
    assert_file_refused("x", "", 0, "empty");
}

static void every_truncation_is_refused(void **state) {
    (void)state;
    byte_writer files[2];
    put_good(&files[0]);
    put_safetensors(&files[1], 0, "{" TENSOR("encoder.conv_in.weight", "F32", "2", "0", "8") "}", 8);
    for (size_t f = 0; f < 2; f++)
        for (size_t i = 0; i < N_TRUNCATIONS; i++)
            assert_file_refused("cut", files[f].data, files[f].n_bytes * i / N_TRUNCATIONS, NULL);
    bw_free(&files[0]);
    bw_free(&files[1]);
}

/* In memory, at every length and with every byte changed: never a crash, and
 * whatever is still read lies inside the file. */
static void no_cut_and_no_changed_byte_crashes(void **state) {
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80, 0xff};
    byte_writer file;
    put_good(&file);
    for (size_t n = 0; n < file.n_bytes; n++) {
        uint8_t *copy = malloc(n + 1); /* exactly as large, for the sanitizer */
        assert_non_null(copy);
        memcpy(copy, file.data, n);
        tensor_table *table = NULL;
        pith_diag diag = {0};
        assert_int_not_equal(ckpt_read(&table, &env, copy, n, &diag), PITH_OK);
        assert_one_line(&diag, NULL);
        free(copy);
    }
    for (size_t i = 0; i < file.n_bytes; i++)
        for (size_t c = 0; c < sizeof changes; c++) {
            tensor_table *table = NULL;
            pith_diag diag = {0};
            file.data[i] ^= changes[c];
            if (ckpt_read(&table, &env, file.data, file.n_bytes, &diag) != PITH_OK) assert_one_line(&diag, NULL);
            for (size_t k = 0; table && k < tensor_table_count(table); k++) {
                const tensor *t = tensor_table_at(table, k);
                if (t->n_bytes == 0) continue;
                assert_true(t->data >= file.data && t->n_bytes <= (size_t)(file.data + file.n_bytes - t->data));
            }
            tensor_table_free(&table);
            file.data[i] ^= changes[c];
        }
    assert_int_equal(counter.n_live, 0);
    bw_free(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_of_the_shell_is_refused_and_not_made),
        cmocka_unit_test(other_globals_that_run_code_are_refused),
        cmocka_unit_test(opcodes_that_make_objects_otherwise_are_refused),
        cmocka_unit_test(tensors_of_unknown_origin_are_not_used),
        cmocka_unit_test(tensors_that_do_not_fit_their_storage_are_refused),
        cmocka_unit_test(shapes_and_strides_of_different_lengths_are_refused),
        cmocka_unit_test(protocols_that_torch_never_wrote_are_refused),
        cmocka_unit_test(overlapping_tensors_and_repeated_names_are_refused),
        cmocka_unit_test(a_persistent_id_that_is_no_storage_is_refused),
        cmocka_unit_test(pickles_that_grow_are_stopped),
        cmocka_unit_test(copies_of_copies_are_stopped),
        cmocka_unit_test(a_list_that_holds_itself_does_no_harm),
        cmocka_unit_test(members_that_are_not_what_they_say_are_refused),
        cmocka_unit_test(members_that_overlap_or_repeat_are_refused),
        cmocka_unit_test(zip_files_without_a_checkpoint_are_refused),
        cmocka_unit_test(directories_outside_the_file_are_refused),
        cmocka_unit_test(hostile_safetensors_are_refused),
        cmocka_unit_test(other_files_are_named),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(no_cut_and_no_changed_byte_crashes),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}

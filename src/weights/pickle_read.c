/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The interpreter: a stack of indices into an array of values that only grows. Each opcode takes bounded work and
 * memory, and nothing recurses. The opcodes are those of Python's pickletools, protocols 2 to 5. */
#include "weights/pickle_read.h"

#include <string.h>

#include "base/mem.h"
#include "base/stream.h"
#include "weights/pickle_private.h"

enum opcode {
    OP_MARK = '(',
    OP_STOP = '.',
    OP_POP = '0',
    OP_POP_MARK = '1',
    OP_DUP = '2',
    OP_BINFLOAT = 'G',
    OP_BININT = 'J',
    OP_BININT1 = 'K',
    OP_BININT2 = 'M',
    OP_NONE = 'N',
    OP_BINPERSID = 'Q',
    OP_REDUCE = 'R',
    OP_BINSTRING = 'T',
    OP_SHORT_BINSTRING = 'U',
    OP_BINUNICODE = 'X',
    OP_EMPTY_LIST = ']',
    OP_APPEND = 'a',
    OP_BUILD = 'b',
    OP_GLOBAL = 'c',
    OP_DICT = 'd',
    OP_APPENDS = 'e',
    OP_BINGET = 'h',
    OP_LONG_BINGET = 'j',
    OP_LIST = 'l',
    OP_BINPUT = 'q',
    OP_LONG_BINPUT = 'r',
    OP_SETITEM = 's',
    OP_TUPLE = 't',
    OP_SETITEMS = 'u',
    OP_EMPTY_DICT = '}',
    OP_EMPTY_TUPLE = ')',
    OP_BINBYTES = 'B',
    OP_SHORT_BINBYTES = 'C',
    OP_PROTO = 0x80,
    OP_NEWOBJ = 0x81,
    OP_TUPLE1 = 0x85,
    OP_TUPLE2 = 0x86,
    OP_TUPLE3 = 0x87,
    OP_NEWTRUE = 0x88,
    OP_NEWFALSE = 0x89,
    OP_LONG1 = 0x8a,
    OP_LONG4 = 0x8b,
    OP_SHORT_BINUNICODE = 0x8c,
    OP_BINUNICODE8 = 0x8d,
    OP_BINBYTES8 = 0x8e,
    OP_EMPTY_SET = 0x8f,
    OP_ADDITEMS = 0x90,
    OP_FROZENSET = 0x91,
    OP_NEWOBJ_EX = 0x92,
    OP_STACK_GLOBAL = 0x93,
    OP_MEMOIZE = 0x94,
    OP_FRAME = 0x95,
    OP_BYTEARRAY8 = 0x96,
};

#define NO_VALUE UINT32_MAX

/* ---- growing ------------------------------------------------------------------------------- */

/* Makes room for one more element; exceeding a limit is a fault of the file. */
static bool make_room(pickle *p, void **block, size_t count, size_t *capacity, size_t size, size_t limit,
                      const char *what) {
    if (p->s.status != PITH_OK) return false;
    if (count < *capacity) return true;
    if (count >= limit) {
        st_fail(&p->s, PITH_E_LIMIT, "more than %zu %s", limit, what);
        return false;
    }
    size_t wanted = *capacity ? *capacity * 2 : 64;
    void *grown = mem_grow(&p->alloc, *block, count, wanted < limit ? wanted : limit, size);
    if (!grown) {
        st_fail(&p->s, PITH_E_NOMEM, "out of memory");
        return false;
    }
    *block = grown;
    *capacity = wanted < limit ? wanted : limit;
    return true;
}

/* Defines for each array a function that appends one element; NULL, with the fault recorded, if it cannot. */
#define DEFINE_GROW(type, field)                                                                                       \
    static type *grow_##field(pickle *p, size_t limit, const char *what) {                                             \
        void *block = p->field.at;                                                                                     \
        bool fits = make_room(p, &block, p->field.n, &p->field.capacity, sizeof(type), limit, what);                   \
        p->field.at = block;                                                                                           \
        return fits ? &p->field.at[p->field.n++] : NULL;                                                               \
    }
DEFINE_GROW(pickle_value, values)
DEFINE_GROW(pickle_cell, cells)
DEFINE_GROW(pickle_storage, storages)
DEFINE_GROW(pickle_tensor, tensors)
DEFINE_GROW(uint32_t, stack)
DEFINE_GROW(uint32_t, marks)
DEFINE_GROW(uint32_t, memo)

uint32_t pickle_new_value(pickle *p, pickle_value v) {
    pickle_value *place = grow_values(p, MAX_VALUES, "values");
    if (!place) return NO_VALUE;
    *place = v;
    return (uint32_t)(p->values.n - 1);
}

uint32_t pickle_new_opaque(pickle *p, uint32_t global) {
    return pickle_new_value(p, (pickle_value){.kind = PICKLE_OPAQUE, .u.index = global});
}

uint32_t pickle_new_storage(pickle *p, const pickle_storage *storage) {
    pickle_storage *place = grow_storages(p, MAX_TENSORS, "storages");
    if (!place) return NO_VALUE;
    *place = *storage;
    return pickle_new_value(p, (pickle_value){.kind = PICKLE_STORAGE, .u.index = (uint32_t)(p->storages.n - 1)});
}

uint32_t pickle_new_tensor(pickle *p, const pickle_tensor *t) {
    pickle_tensor *place = grow_tensors(p, MAX_TENSORS, "tensors");
    if (!place) return NO_VALUE;
    *place = *t;
    return pickle_new_value(p, (pickle_value){.kind = PICKLE_TENSOR, .u.index = (uint32_t)(p->tensors.n - 1)});
}

void pickle_append(pickle *p, uint32_t container, uint32_t item) {
    pickle_cell *cell = grow_cells(p, MAX_CELLS, "items");
    if (!cell || container == NO_VALUE || item == NO_VALUE) return;
    uint32_t at = (uint32_t)(p->cells.n - 1);
    *cell = (pickle_cell){item, NO_VALUE};
    pickle_value *c = &p->values.at[container];
    if (c->count == 0)
        c->u.items.first = at;
    else
        p->cells.at[c->u.items.last].next = at;
    c->u.items.last = at;
    c->count++;
}

/* ---- the stack -------------------------------------------------------------------------------- */

static void push(pickle *p, uint32_t value) {
    if (value == NO_VALUE) return; /* a fault is already recorded */
    uint32_t *place = grow_stack(p, MAX_STACK, "values on the stack");
    if (place) *place = value;
}

static void push_value(pickle *p, pickle_value v) { push(p, pickle_new_value(p, v)); }

/* The stack position of the last mark; 0 if there is none. */
static size_t stack_floor(const pickle *p) { return p->marks.n ? p->marks.at[p->marks.n - 1] : 0; }

static uint32_t pop(pickle *p) {
    if (p->s.status != PITH_OK) return NO_VALUE;
    if (p->stack.n <= stack_floor(p)) {
        st_fail(&p->s, PITH_E_FORMAT, "nothing on the stack");
        return NO_VALUE;
    }
    return p->stack.at[--p->stack.n];
}

static uint32_t top(pickle *p) {
    uint32_t value = pop(p);
    if (value != NO_VALUE) p->stack.n++;
    return value;
}

/* Removes the last mark; returns its stack position. */
static size_t pop_mark(pickle *p) {
    if (p->s.status == PITH_OK && p->marks.n > 0) return p->marks.at[--p->marks.n];
    st_fail(&p->s, PITH_E_FORMAT, "no mark on the stack");
    return p->stack.n;
}

static pickle_kind kind_of(const pickle *p, uint32_t value) {
    return value == NO_VALUE ? PICKLE_NONE : p->values.at[value].kind;
}

/* Moves the values above `from` from the stack to a new container. */
static uint32_t collect(pickle *p, pickle_kind kind, size_t from) {
    uint32_t container = pickle_new_value(p, (pickle_value){.kind = kind});
    for (size_t i = from; i < p->stack.n && p->s.status == PITH_OK; i++) pickle_append(p, container, p->stack.at[i]);
    p->stack.n = from;
    return container;
}

/* Adds the values above `from` to the container below them. Values for an opaque container are dropped. */
static void add_items(pickle *p, size_t from, bool pairs) {
    size_t n = p->stack.n - from, end = p->stack.n;
    p->stack.n = from;
    uint32_t container = top(p);
    if (p->s.status != PITH_OK) return;
    pickle_kind kind = kind_of(p, container);
    if (kind == PICKLE_OPAQUE) return;
    if (kind != (pairs ? PICKLE_DICT : PICKLE_LIST)) st_fail(&p->s, PITH_E_FORMAT, "items for what is no container");
    if (pairs && n % 2 != 0) st_fail(&p->s, PITH_E_FORMAT, "a key without a value");
    for (size_t i = from; i < end && p->s.status == PITH_OK; i++) pickle_append(p, container, p->stack.at[i]);
}

/* For TUPLE1 to TUPLE3. */
static void make_tuple(pickle *p, size_t n) {
    if (p->stack.n - stack_floor(p) < n) {
        st_fail(&p->s, PITH_E_FORMAT, "nothing on the stack");
        return;
    }
    push(p, collect(p, PICKLE_TUPLE, p->stack.n - n));
}

/* ---- plain values --------------------------------------------------------------------------------- */

static void push_text(pickle *p, pickle_kind kind, uint64_t n_bytes) {
    if (n_bytes > UINT32_MAX || n_bytes > st_left(&p->s)) {
        st_fail(&p->s, PITH_E_TRUNCATED, "a text of %llu bytes, %zu are left", (unsigned long long)n_bytes,
                st_left(&p->s));
        return;
    }
    const uint8_t *bytes = st_bytes(&p->s, (size_t)n_bytes, "text");
    push_value(p, (pickle_value){.kind = kind, .count = (uint32_t)n_bytes, .u.text = (const char *)bytes});
}

static void push_int(pickle *p, int64_t value) {
    push_value(p, (pickle_value){.kind = PICKLE_INT, .u.integer = value});
}

/* Little-endian, two's complement. Larger numbers become opaque; they are not needed. */
static void push_long(pickle *p, uint32_t n_bytes) {
    const uint8_t *bytes = st_bytes(&p->s, n_bytes, "integer");
    if (!bytes) return;
    if (n_bytes > 8) {
        push(p, pickle_new_opaque(p, NO_VALUE));
        return;
    }
    uint64_t value = n_bytes && bytes[n_bytes - 1] & 0x80 ? UINT64_MAX : 0;
    for (size_t i = n_bytes; i-- > 0;) value = value << 8 | bytes[i];
    push_int(p, (int64_t)value);
}

static void push_float(pickle *p) {
    const uint8_t *bytes = st_bytes(&p->s, 8, "number");
    if (!bytes) return;
    uint64_t bits = 0; /* big-endian, unlike the rest */
    for (size_t i = 0; i < 8; i++) bits = bits << 8 | bytes[i];
    pickle_value v = {.kind = PICKLE_FLOAT};
    memcpy(&v.u.real, &bits, sizeof bits);
    push_value(p, v);
}

static bool run_plain(pickle *p, uint8_t op) {
    stream *s = &p->s;
    switch (op) {
    case OP_NONE:
        push_value(p, (pickle_value){.kind = PICKLE_NONE});
        return true;
    case OP_NEWTRUE:
    case OP_NEWFALSE:
        push_value(p, (pickle_value){.kind = PICKLE_BOOL, .u.integer = op == OP_NEWTRUE});
        return true;
    case OP_BININT:
        push_int(p, (int32_t)st_u32le(s, "integer"));
        return true;
    case OP_BININT1:
        push_int(p, st_u8(s, "integer"));
        return true;
    case OP_BININT2:
        push_int(p, st_u16le(s, "integer"));
        return true;
    case OP_LONG1:
        push_long(p, st_u8(s, "length"));
        return true;
    case OP_LONG4:
        push_long(p, st_u32le(s, "length"));
        return true;
    case OP_BINFLOAT:
        push_float(p);
        return true;
    case OP_SHORT_BINUNICODE:
    case OP_SHORT_BINSTRING:
        push_text(p, PICKLE_TEXT, st_u8(s, "length"));
        return true;
    case OP_BINUNICODE:
    case OP_BINSTRING:
        push_text(p, PICKLE_TEXT, st_u32le(s, "length"));
        return true;
    case OP_BINUNICODE8:
        push_text(p, PICKLE_TEXT, st_u64le(s, "length"));
        return true;
    case OP_SHORT_BINBYTES:
        push_text(p, PICKLE_BYTES, st_u8(s, "length"));
        return true;
    case OP_BINBYTES:
        push_text(p, PICKLE_BYTES, st_u32le(s, "length"));
        return true;
    case OP_BINBYTES8:
    case OP_BYTEARRAY8:
        push_text(p, PICKLE_BYTES, st_u64le(s, "length"));
        return true;
    default:
        return false;
    }
}

/* ---- containers --------------------------------------------------------------------------------------- */

static bool run_container(pickle *p, uint8_t op) {
    switch (op) {
    case OP_EMPTY_LIST:
    case OP_EMPTY_SET:
        push_value(p, (pickle_value){.kind = PICKLE_LIST});
        return true;
    case OP_EMPTY_TUPLE:
        push_value(p, (pickle_value){.kind = PICKLE_TUPLE});
        return true;
    case OP_EMPTY_DICT:
        push_value(p, (pickle_value){.kind = PICKLE_DICT});
        return true;
    case OP_TUPLE1:
    case OP_TUPLE2:
    case OP_TUPLE3:
        make_tuple(p, (size_t)(op - OP_TUPLE1) + 1);
        return true;
    case OP_TUPLE:
        push(p, collect(p, PICKLE_TUPLE, pop_mark(p)));
        return true;
    case OP_LIST:
    case OP_FROZENSET:
        push(p, collect(p, PICKLE_LIST, pop_mark(p)));
        return true;
    case OP_DICT: {
        size_t from = pop_mark(p);
        if ((p->stack.n - from) % 2 != 0) st_fail(&p->s, PITH_E_FORMAT, "a key without a value");
        push(p, collect(p, PICKLE_DICT, from));
        return true;
    }
    case OP_APPENDS:
    case OP_ADDITEMS:
    case OP_SETITEMS:
        add_items(p, pop_mark(p), op == OP_SETITEMS);
        return true;
    case OP_APPEND:
    case OP_SETITEM: {
        size_t n = op == OP_APPEND ? 1 : 2;
        if (p->stack.n - stack_floor(p) < n)
            st_fail(&p->s, PITH_E_FORMAT, "nothing on the stack");
        else
            add_items(p, p->stack.n - n, op == OP_SETITEM);
        return true;
    }
    default:
        return false;
    }
}

/* ---- stack and memo ------------------------------------------------------------------------------------- */

static void put(pickle *p, uint32_t at) {
    uint32_t value = top(p);
    if (value == NO_VALUE) return;
    if (at >= MAX_VALUES) {
        st_fail(&p->s, PITH_E_LIMIT, "memo %u, the limit is %u", at, MAX_VALUES);
        return;
    }
    /* Torch numbers memos consecutively, so gaps are never wide. */
    if (at > p->memo.n + MAX_MEMO_GAP) {
        st_fail(&p->s, PITH_E_FORMAT, "memo %u follows %zu", at, p->memo.n);
        return;
    }
    while (p->memo.n <= at) {
        uint32_t *place = grow_memo(p, MAX_VALUES, "memos");
        if (!place) return;
        *place = NO_VALUE;
    }
    p->memo.at[at] = value;
}

static void get(pickle *p, uint32_t at) {
    if (p->s.status != PITH_OK) return;
    if (at >= p->memo.n || p->memo.at[at] == NO_VALUE) {
        st_fail(&p->s, PITH_E_FORMAT, "memo %u was never set", at);
        return;
    }
    push(p, p->memo.at[at]);
}

static void push_mark(pickle *p) {
    uint32_t *place = grow_marks(p, MAX_MARKS, "marks on the stack");
    if (place) *place = (uint32_t)p->stack.n;
}

static bool run_stack(pickle *p, uint8_t op) {
    stream *s = &p->s;
    switch (op) {
    case OP_MARK:
        push_mark(p);
        return true;
    case OP_POP:
        (void)pop(p);
        return true;
    case OP_POP_MARK:
        p->stack.n = pop_mark(p);
        return true;
    case OP_DUP:
        push(p, top(p));
        return true;
    case OP_BINPUT:
        put(p, st_u8(s, "memo"));
        return true;
    case OP_LONG_BINPUT:
        put(p, st_u32le(s, "memo"));
        return true;
    case OP_MEMOIZE:
        put(p, (uint32_t)p->memo.n);
        return true;
    case OP_BINGET:
        get(p, st_u8(s, "memo"));
        return true;
    case OP_LONG_BINGET:
        get(p, st_u32le(s, "memo"));
        return true;
    case OP_FRAME:
        if (st_u64le(s, "frame length") > st_left(s)) st_fail(s, PITH_E_TRUNCATED, "a frame ends after the pickle");
        return true;
    default:
        return false;
    }
}

/* ---- objects ------------------------------------------------------------------------------------------------ */

/* Pushes a line of text without its newline. */
static void push_line(pickle *p) {
    size_t left = st_left(&p->s), n = 0;
    const uint8_t *at = p->s.data + p->s.position;
    while (n < left && n < MAX_GLOBAL_BYTES && at[n] != '\n') n++;
    if (n == left || n == MAX_GLOBAL_BYTES) {
        st_fail(&p->s, PITH_E_FORMAT, "the name of a global does not end");
        return;
    }
    push_text(p, PICKLE_TEXT, n);
    (void)st_u8(&p->s, "end of line");
}

/* Replaces the two texts on the stack by a global. */
static void make_global(pickle *p) {
    uint32_t name = pop(p), module = pop(p);
    if (p->s.status != PITH_OK) return;
    if (kind_of(p, module) != PICKLE_TEXT || kind_of(p, name) != PICKLE_TEXT) {
        st_fail(&p->s, PITH_E_FORMAT, "the name of a global is not text");
        return;
    }
    uint32_t global = pickle_new_value(p, (pickle_value){.kind = PICKLE_GLOBAL, .u.global = {module, name}});
    if (global != NO_VALUE && pickle_check_global(p, global)) push(p, global);
}

static bool run_object(pickle *p, uint8_t op) {
    switch (op) {
    case OP_GLOBAL:
        push_line(p);
        push_line(p);
        make_global(p);
        return true;
    case OP_STACK_GLOBAL:
        make_global(p);
        return true;
    case OP_NEWOBJ_EX:
        (void)pop(p); /* keyword arguments */
        /* fallthrough */
    case OP_REDUCE:
    case OP_NEWOBJ: {
        uint32_t arguments = pop(p), callee = pop(p);
        if (p->s.status == PITH_OK) push(p, pickle_reduce(p, callee, arguments));
        return true;
    }
    case OP_BUILD: /* attributes; no value here has any */
        (void)pop(p);
        (void)top(p);
        return true;
    case OP_BINPERSID: {
        uint32_t id = pop(p);
        if (p->s.status == PITH_OK) push(p, pickle_persistent(p, id));
        return true;
    }
    default:
        return false;
    }
}

/* ---- the interpreter
 * ----------------------------------------------------------------------------------------------- */

static pith_status run(pickle *p) {
    stream *s = &p->s;
    if (st_u8(s, "first opcode") != OP_PROTO) st_fail(s, PITH_E_FORMAT, "does not begin with a protocol");
    uint8_t protocol = st_u8(s, "protocol");
    if (protocol < 2 || protocol > 5) st_fail(s, PITH_E_UNSUPPORTED, "protocol %u; 2 to 5 are read", protocol);
    while (s->status == PITH_OK) {
        uint8_t op = st_u8(s, "opcode");
        if (s->status != PITH_OK) break;
        if (op == OP_STOP) {
            p->root = pop(p);
            return s->status;
        }
        if (!run_plain(p, op) && !run_container(p, op) && !run_stack(p, op) && !run_object(p, op)) {
            s->position--;
            st_fail(s, PITH_E_UNSUPPORTED, "opcode 0x%02x is not one that torch.save writes: refused", op);
        }
    }
    return s->status;
}

pith_status pickle_read(pickle **out, const pith_alloc *alloc, const uint8_t *data, size_t n_bytes, pith_diag *diag) {
    *out = NULL;
    if (n_bytes > MAX_PICKLE_BYTES)
        return diag_set(diag, PITH_E_LIMIT, "pickle: %zu bytes, the limit is %u", n_bytes, MAX_PICKLE_BYTES);
    pickle *p = mem_alloc(alloc, 1, sizeof *p);
    if (!p) return PITH_E_NOMEM;
    if (alloc) p->alloc = *alloc;
    st_init(&p->s, data, n_bytes, "pickle", 0, diag);
    pith_status status = run(p);
    if (status == PITH_OK)
        *out = p;
    else
        pickle_free(&p);
    return status;
}

void pickle_free(pickle **pointer) {
    if (!pointer || !*pointer) return;
    pickle *p = *pointer;
    pith_alloc alloc = p->alloc;
    mem_free(&alloc, p->values.at);
    mem_free(&alloc, p->cells.at);
    mem_free(&alloc, p->storages.at);
    mem_free(&alloc, p->tensors.at);
    mem_free(&alloc, p->stack.at);
    mem_free(&alloc, p->marks.at);
    mem_free(&alloc, p->memo.at);
    mem_free(&alloc, p);
    *pointer = NULL;
}

const pickle_value *pickle_root(const pickle *p) { return &p->values.at[p->root]; }

const pickle_value *pickle_next(const pickle *p, const pickle_value *container, uint32_t *cursor) {
    bool has_items =
        container->kind == PICKLE_LIST || container->kind == PICKLE_TUPLE || container->kind == PICKLE_DICT;
    if (!has_items || container->count == 0 || *cursor == NO_VALUE) return NULL;
    uint32_t at = *cursor ? *cursor - 1 : container->u.items.first;
    const pickle_cell *cell = &p->cells.at[at];
    *cursor = cell->next == NO_VALUE ? NO_VALUE : cell->next + 1;
    return &p->values.at[cell->value];
}

bool pickle_next_pair(const pickle *p, const pickle_value *dict, uint32_t *cursor, const pickle_value **key,
                      const pickle_value **value) {
    *key = pickle_next(p, dict, cursor);
    *value = *key ? pickle_next(p, dict, cursor) : NULL;
    return *value != NULL;
}

bool pickle_text_is(const pickle_value *v, const char *text) {
    return v->kind == PICKLE_TEXT && v->count == strlen(text) && !memcmp(v->u.text, text, v->count);
}

const pickle_value *pickle_get(const pickle *p, const pickle_value *dict, const char *key) {
    const pickle_value *k, *v;
    uint32_t cursor = 0;
    if (dict->kind != PICKLE_DICT) return NULL;
    while (pickle_next_pair(p, dict, &cursor, &k, &v))
        if (pickle_text_is(k, key)) return v;
    return NULL;
}

const pickle_tensor *pickle_get_tensor(const pickle *p, const pickle_value *v) {
    return v->kind == PICKLE_TENSOR ? &p->tensors.at[v->u.index] : NULL;
}

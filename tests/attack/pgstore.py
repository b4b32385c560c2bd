"""pgstore.py - looking into a store on PostgreSQL as into one on SQLite: connect(url).execute(sql, values).fetchall(), with
? for a value. By libpq itself, so that numbers are numbers and no Python package is needed."""
import ctypes

LIBPQ = ctypes.CDLL("libpq.so.5")
for name, result, arguments in (
        ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]), ("PQstatus", ctypes.c_int, [ctypes.c_void_p]),
        ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]), ("PQfinish", None, [ctypes.c_void_p]),
        ("PQexecParams", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p,
                                           ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]),
        ("PQresultStatus", ctypes.c_int, [ctypes.c_void_p]), ("PQclear", None, [ctypes.c_void_p]),
        ("PQntuples", ctypes.c_int, [ctypes.c_void_p]), ("PQnfields", ctypes.c_int, [ctypes.c_void_p]),
        ("PQftype", ctypes.c_uint, [ctypes.c_void_p, ctypes.c_int]),
        ("PQgetisnull", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ("PQgetlength", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ("PQgetvalue", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int])):
    getattr(LIBPQ, name).restype = result
    getattr(LIBPQ, name).argtypes = arguments

BOOL, BYTES, NUMBERS = 16, 17, (20, 21, 23, 1700)  # as pg_type names them
WORKED = (1, 2)  # PGRES_COMMAND_OK, PGRES_TUPLES_OK


class Rows(list):
    def fetchall(self):
        return list(self)

    def fetchone(self):
        return self[0] if self else None


class Store:
    def __init__(self, url):
        self.connection = LIBPQ.PQconnectdb(url.encode())
        if LIBPQ.PQstatus(self.connection) != 0:
            raise OSError(LIBPQ.PQerrorMessage(self.connection).decode())

    def close(self):
        LIBPQ.PQfinish(self.connection)

    def execute(self, sql, values=()):
        parts = sql.split("?")
        text = "".join(p + (f"${n}" if n < len(parts) else "") for n, p in enumerate(parts, 1))
        given = (ctypes.c_char_p * max(1, len(values)))(*(str(v).encode() for v in values))
        r = LIBPQ.PQexecParams(self.connection, text.encode(), len(values), None, given, None, None, 0)
        try:
            if LIBPQ.PQresultStatus(r) not in WORKED:
                raise OSError(f"{LIBPQ.PQerrorMessage(self.connection).decode()}: {text}")
            kinds = [LIBPQ.PQftype(r, c) for c in range(LIBPQ.PQnfields(r))]
            return Rows(tuple(self.value(r, n, c, kind) for c, kind in enumerate(kinds)) for n in range(LIBPQ.PQntuples(r)))
        finally:
            LIBPQ.PQclear(r)

    @staticmethod
    def value(r, row, column, kind):
        if LIBPQ.PQgetisnull(r, row, column):
            return None
        text = ctypes.string_at(LIBPQ.PQgetvalue(r, row, column), LIBPQ.PQgetlength(r, row, column)).decode()
        if kind == BOOL:
            return int(text == "t")
        if kind == BYTES:
            return bytes.fromhex(text[2:])
        return int(text) if kind in NUMBERS else text

package e2e

import (
	"bytes"
	"context"
	wire "encoding/binary"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// binaryRows are the rows of a table in the binary format of COPY, in chunks that are each a whole
// input of COPY FROM.
type binaryRows struct {
	chunks [][]byte
	rows   int
}

const (
	// binaryHeader is the length of what stands before the rows: signature, flags, length of the
	// header's extension (none).
	binaryHeader = 11 + 4 + 4
	binaryEnd    = 0xffff
)

// copyOut reads the newest rows of a table into chunks of perChunk rows.
func copyOut(t testing.TB, database, query string, perChunk int) binaryRows {
	t.Helper()
	conn := connect(t, database)
	var out bytes.Buffer
	_, err := conn.PgConn().CopyTo(t.Context(), &out, "COPY ("+query+") TO STDOUT (FORMAT binary)")
	require.NoError(t, err)
	all := out.Bytes()
	header, rest := all[:binaryHeader], all[binaryHeader:]
	var b binaryRows
	for wire.BigEndian.Uint16(rest) != binaryEnd {
		chunk := bytes.Clone(header)
		for n := 0; n < perChunk && wire.BigEndian.Uint16(rest) != binaryEnd; n++ {
			length := rowLength(rest)
			chunk, rest = append(chunk, rest[:length]...), rest[length:]
			b.rows++
		}
		b.chunks = append(b.chunks, wire.BigEndian.AppendUint16(chunk, binaryEnd))
	}
	return b
}

// rowLength is the length of the row at the beginning of data: the number of its fields, and of each
// its length (-1: null) and bytes.
func rowLength(data []byte) int {
	at := 2
	for range wire.BigEndian.Uint16(data) {
		length := int32(wire.BigEndian.Uint32(data[at:]))
		at += 4 + int(max(length, 0))
	}
	return at
}

func copyIn(ctx context.Context, conn *pgx.Conn, table string, chunk []byte) error {
	_, err := conn.PgConn().CopyFrom(ctx, bytes.NewReader(chunk), "COPY "+table+" FROM STDIN (FORMAT binary)")
	return err
}

func connect(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

package listener

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"

	"github.com/golang/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// maxWindow is the zstd window that RFC 9659 allows in HTTP. A frame of a few bytes could claim 512 MiB.
const maxWindow = 8 << 20

// decoder decompresses what is encoded in a way that confighttp's servers take by default. Of what it
// reads no more than most bytes will be asked for.
func decoder(encoding string, compressed []byte, most int64) (io.ReadCloser, error) {
	r := bytes.NewReader(compressed)
	switch encoding {
	case "gzip":
		return gzip.NewReader(r)
	case "zstd":
		return newZstdReader(r)
	case "zlib", "deflate":
		return zlib.NewReader(r)
	case "x-snappy-framed":
		return io.NopCloser(snappy.NewReader(r)), nil
	case "snappy":
		if bytes.HasPrefix(compressed, snappyFrame) { // as collectors used to call it
			return io.NopCloser(snappy.NewReader(r)), nil
		}
		return snappyBlock(compressed, most)
	case "lz4":
		return io.NopCloser(lz4.NewReader(r)), nil
	}
	return nil, fmt.Errorf("unsupported Content-Encoding: %s", encoding)
}

// snappyFrame begins the framed format of snappy.
var snappyFrame = []byte("\xff\x06\x00\x00sNaPpY")

func snappyBlock(compressed []byte, most int64) (io.ReadCloser, error) {
	n, err := snappy.DecodedLen(compressed)
	if err != nil {
		return nil, err
	}
	if int64(n) > most {
		return nil, &http.MaxBytesError{Limit: most}
	}
	plain, err := snappy.Decode(nil, compressed)
	return io.NopCloser(bytes.NewReader(plain)), err
}

func newZstdReader(r io.Reader) (io.ReadCloser, error) {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return nil, err
	}
	return d.IOReadCloser(), nil
}

// Package packed is the compressed form in which stores keep cases and transcripts (zstd).
package packed

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Pack compresses b.
func Pack(b []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return w.EncodeAll(b, []byte{}), w.Close()
}

// Unpack returns what was packed.
func Unpack(b []byte) ([]byte, error) {
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	defer r.Close()
	out, err := r.DecodeAll(b, nil)
	if err != nil {
		return nil, fmt.Errorf("decompress what is stored: %w", err)
	}
	return out, nil
}

// Package zstd compresses what stores keep of cases and transcripts.
package zstd

import (
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// Compress returns b compressed.
func Compress(b []byte) ([]byte, error) {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return w.EncodeAll(b, []byte{}), w.Close()
}

// Decompress returns what Compress was given.
func Decompress(b []byte) ([]byte, error) {
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

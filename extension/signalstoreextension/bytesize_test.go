package signalstoreextension

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestByteSize(t *testing.T) {
	for text, want := range map[string]ByteSize{
		"0": 0, "7": 7, "512b": 512, "1kB": 1000, "500MB": 500_000_000, "2 GB": 2_000_000_000, "1KiB": 1024,
		"100GiB": 100 << 30, " 3tib ": 3 << 40, "9223372036854775807": 1<<63 - 1,
	} {
		var got ByteSize
		require.NoError(t, got.UnmarshalText([]byte(text)), text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "GiB", "-1GB", "1.5GiB", "10 apples", "9223372036854775807kB", "99999999999999999999"} {
		var got ByteSize
		require.ErrorContains(t, got.UnmarshalText([]byte(text)), "as 500MB or 100GiB", text)
	}
}

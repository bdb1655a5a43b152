package vocabulary

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// What no row knows costs no memory beyond the copy in lower case.
func TestReadOfAMissAllocatesLittle(t *testing.T) {
	for text, most := range map[string]float64{
		"the cart of customer seven was laid aside for the night, as agreed": 0,
		"The Cart of Customer seven was laid aside for the night, as agreed": 1,
	} {
		rec := Record{Text: text, Language: "go", System: "postgresql"}
		assert.Empty(t, Read(rec), text)
		assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { Read(rec) }), most, text)
	}
}

func BenchmarkRead(b *testing.B) {
	for name, rec := range map[string]Record{
		"miss": {Text: "The cart of customer seven was laid aside for the night, as agreed"},
		"hit":  {Text: `Get "http://stock:8080/items": dial tcp 10.0.0.3:8080: connect: connection refused`},
		"type": {Exceptions: []Exception{{"java.net.SocketTimeoutException", "Read timed out"}}, Text: "java.net.SocketTimeoutException: Read timed out"},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Read(rec)
			}
		})
	}
}

package ingestreceiver

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func line(message string) string {
	return `{"service":"s","level":"info","message":"` + message + `"}`
}

func TestBodies(t *testing.T) {
	const ndjson = "application/x-ndjson"
	tests := map[string]struct {
		contentType string
		body        string
		accepted    int
		rejected    []int // indexes
	}{
		"one object":                      {"", line("a"), 1, nil},
		"one object over several lines":   {"", strings.ReplaceAll(line("a"), ",", ",\n"), 1, nil},
		"an array":                        {"", "[" + line("a") + ",\n " + line("b") + " ]\n", 2, nil},
		"lines":                           {ndjson, line("a") + "\n" + line("b"), 2, nil},
		"lines sent as JSON":              {"", line("a") + "\r\n\r\n" + line("b") + "\n", 2, nil},
		"lines with a charset":            {ndjson + "; charset=utf-8", line("a") + "\n", 1, nil},
		"byte order mark":                 {"", "\xef\xbb\xbf" + line("a"), 1, nil},
		"a broken line":                   {ndjson, line("a") + "\n{\"service\":\n" + line("b"), 2, []int{1}},
		"a broken line sent as JSON":      {"", line("a") + "\n{\"service\":\n" + line("b"), 2, []int{1}},
		"an array on a line is no record": {ndjson, "[" + line("a") + "]\n" + line("b"), 1, []int{0}},
		"number out of range":             {ndjson, `{"service":"s","level":"info","message":"m","attributes":{"a":1e999}}` + "\n" + line("b"), 1, []int{0}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{})
			req := h.request("/ingest/logs", strings.NewReader(tc.body))
			if tc.contentType != "" {
				req.Header.Set("Content-Type", tc.contentType)
			}
			resp := h.send(req)
			require.Equal(t, http.StatusOK, resp.status, resp.body)
			assert.Equal(t, tc.accepted, resp.Accepted)
			assert.Equal(t, tc.accepted, h.logs.LogRecordCount())
			require.Len(t, resp.Rejected, len(tc.rejected))
			for i, index := range tc.rejected {
				assert.Equal(t, index, resp.Rejected[i].Index)
				assert.NotEmpty(t, resp.Rejected[i].Error)
			}
		})
	}
}

func TestUnreadableBodies(t *testing.T) {
	for name, body := range map[string]string{
		"empty":                  "",
		"blank":                  " \n",
		"no JSON":                "hello",
		"an object without end":  `{"service":"s"`,
		"a key without quotes":   `{service:"s"}`,
		"an empty array":         `[ ]`,
		"an array without end":   "[" + line("a"),
		"a broken element":       "[" + line("a") + `,{"service":}]`,
		"elements without comma": "[" + line("a") + line("b") + "]",
		"something after":        "[" + line("a") + "] x",
		"a trailing comma":       "[" + line("a") + ",]",
		"UTF-16":                 "\xff\xfe{\x00}\x00",
	} {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{})
			resp := h.post("/ingest/logs", body)
			assert.Equal(t, http.StatusBadRequest, resp.status, resp.body)
			assert.Equal(t, "application/problem+json", resp.header.Get("Content-Type"))
			assert.NotEmpty(t, resp.Detail)
			assert.Contains(t, resp.body, `"rejected":[]`)
			assert.Zero(t, h.logs.LogRecordCount(), "nothing of a body that cannot be read is taken")
		})
	}
}

func TestEncodings(t *testing.T) {
	bomb := `{"service":"s","level":"info","message":"` + strings.Repeat("a", 8<<20) + `"}`
	tests := map[string]struct {
		encoding string
		body     []byte
		want     int
		detail   string
	}{
		"gzip":                  {"gzip", gzipped(line("a")), 200, ""},
		"zstd":                  {"zstd", zstded(line("a")), 200, ""},
		"upper case":            {"GZIP", gzipped(line("a")), 200, ""},
		"identity":              {"identity", []byte(line("a")), 200, ""},
		"unknown":               {"br", []byte(line("a")), 415, "use one of: identity, gzip, zstd"},
		"not enabled":           {"deflate", []byte(line("a")), 415, "use one of"},
		"not gzip":              {"gzip", []byte(line("a")), 400, ""},
		"not zstd":              {"zstd", []byte(line("a")), 400, ""},
		"gzip cut short":        {"gzip", gzipped(line("a"))[:20], 400, "cannot be read"},
		"zstd cut short":        {"zstd", zstded(line(strings.Repeat("ab", 100)))[:20], 400, "cannot be read"},
		"gzip bomb":             {"gzip", gzipped(bomb), 413, "max_request_body_size"},
		"zstd bomb":             {"zstd", zstded(bomb), 413, "max_request_body_size"},
		"zstd with vast window": {"zstd", vastWindow(), 400, "window"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{configure: func(c *Config) { c.HTTP.MaxRequestBodySize = 1 << 20 }})
			req := h.request("/ingest/logs", bytes.NewReader(tc.body))
			req.Header.Set("Content-Encoding", tc.encoding)
			resp := h.send(req)
			require.Equal(t, tc.want, resp.status, resp.body)
			if tc.want == http.StatusOK {
				assert.Equal(t, 1, h.logs.LogRecordCount())
				return
			}
			assert.Equal(t, "application/problem+json", resp.header.Get("Content-Type"))
			assert.NotEmpty(t, resp.Detail)
			assert.Contains(t, resp.Detail, tc.detail)
			assert.Zero(t, h.logs.LogRecordCount())
		})
	}
}

func TestSizes(t *testing.T) {
	t.Run("10 texts of 1 MB", func(t *testing.T) {
		h := start(t, options{})
		text := strings.Repeat("a", 1_000_000)
		resp := h.post("/ingest/logs", strings.Repeat(line(text)+"\n", 10))
		require.Equal(t, http.StatusOK, resp.status, resp.body)
		require.Equal(t, 10, resp.Accepted)
		assert.Equal(t, text, h.gotLogs()[9].Body.Str())
	})
	for name, hideLength := range map[string]bool{"too large": false, "too large, in chunks": true} {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{configure: func(c *Config) { c.HTTP.MaxRequestBodySize = 1 << 20 }})
			var body io.Reader = strings.NewReader(line(strings.Repeat("a", 1<<20)))
			if hideLength {
				body = io.MultiReader(body)
			}
			resp := h.send(h.request("/ingest/logs", body))
			assert.Equal(t, http.StatusRequestEntityTooLarge, resp.status)
			assert.Contains(t, resp.Detail, "max_request_body_size")
			assert.Zero(t, h.logs.LogRecordCount())
		})
	}
	t.Run("100,000 records", func(t *testing.T) {
		h := start(t, options{})
		var body strings.Builder
		for i := range 100_000 {
			fmt.Fprintln(&body, `{"service":"s","level":"info","trace_id":"`+traceHex+`","message":"`, i, `"}`)
		}
		resp := h.post("/ingest/logs", body.String())
		require.Equal(t, http.StatusOK, resp.status, resp.body)
		assert.Equal(t, 100_000, resp.Accepted)
		assert.Equal(t, 100_000, h.logs.LogRecordCount())
		assert.Len(t, h.logs.AllLogs(), 1)
	})
}

func gzipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.Bytes()
}

func zstded(s string) []byte {
	w := must(zstd.NewWriter(nil))
	defer func() { _ = w.Close() }()
	return w.EncodeAll([]byte(s), nil)
}

// vastWindow is a frame that asks for a window of 2 GiB.
func vastWindow() []byte {
	return []byte{0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 0x09, 0x00, 0x00, 'a'}
}

package ingestreceiver

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"
)

// example is a command of the README and the answer that follows it.
var example = regexp.MustCompile("(?s)```bash\n(curl .*?)\n```\n\n```json\n(.*?)\n```")

func TestReadmeExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples := example.FindAllStringSubmatch(string(readme), -1)
	require.Len(t, examples, strings.Count(string(readme), "curl "), "every command has an answer")
	for _, e := range examples {
		t.Run(strings.Fields(e[1])[2], func(t *testing.T) {
			h := start(t, options{})
			resp := h.send(h.curl(e[1]))
			assert.JSONEq(t, e[2], resp.body)
		})
	}
}

// curl makes the request that a curl command would, of those options that the README uses.
func (h *harness) curl(command string) *http.Request {
	words := shellWords(command)
	require.Equal(h.t, "curl", words[0])
	var path, body string
	header := http.Header{}
	for i := 1; i < len(words); i++ {
		switch word := words[i]; word {
		case "-sS":
		case "-H":
			i++
			key, value, _ := strings.Cut(words[i], ": ")
			header.Set(key, value)
		case "-d": // curl drops line breaks only when it reads from a file
			i++
			body = words[i]
		case "--data-binary":
			i++
			body = words[i]
		default:
			require.True(h.t, strings.HasPrefix(word, "http://localhost:8000/"), word)
			path = strings.TrimPrefix(word, "http://localhost:8000")
		}
	}
	req := h.request(path, strings.NewReader(body))
	req.Header = header
	return req
}

// shellWords splits at spaces outside of single quotes.
func shellWords(command string) (words []string) {
	for i, part := range strings.Split(command, "'") {
		if i%2 == 1 {
			words = append(words, part)
		} else {
			words = append(words, strings.Fields(part)...)
		}
	}
	return words
}

func TestReadmeConfiguration(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(readme)
	require.NotNil(t, found)
	retrieved, err := confmap.NewRetrievedFromYAML(found[1])
	require.NoError(t, err)
	conf, err := retrieved.AsConf()
	require.NoError(t, err)
	sub, err := conf.Sub("receivers::ingest")
	require.NoError(t, err)
	cfg := createDefaultConfig()
	require.NoError(t, sub.Unmarshal(cfg))
	require.NoError(t, confmap.Validate(cfg))
}

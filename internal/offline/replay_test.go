package offline

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/geminitest"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// spokenBundle is the bundle of an incident that agents looked at, and that changed its severity in a
// revision after that.
func spokenBundle(t *testing.T) []byte {
	t.Helper()
	config, stop := scripted(t, geminitest.Scripted())
	p := newPlant(t, config)
	p.fail(1, 1)
	first := p.await(func(_ incident.Incident, an incident.Analysis) bool { return an.Agents.State == incident.AgentsDone })
	stop() // nobody is left who could be asked
	p.fail(2, 12)
	grown := p.await(func(in incident.Incident, _ incident.Analysis) bool { return in.Revision > 1 })
	require.NotEqual(t, first.Severity, grown.Severity)
	return p.bundle(grown)
}

func TestReplay(t *testing.T) {
	bundle := spokenBundle(t)
	b, err := analysis.ReadBundle(bytes.NewReader(bundle))
	require.NoError(t, err)
	said := b.Analyses[0].Agents
	require.NotEmpty(t, said.Claims)

	text, err := run(t, NewAnalyzeCommand(), bundle, "-", "--replay")
	require.NoError(t, err)
	assert.Contains(t, text, "revision 1\n", "the newest that agents looked at")
	assert.Contains(t, text, "A script, not a model, answered")
	assert.Contains(t, text, said.Claims[0].Statement)
	assert.Contains(t, text, said.Commentary[:20])

	asJSON, err := run(t, NewAnalyzeCommand(), bundle, "-", "--replay", "--output", "json")
	require.NoError(t, err)
	var document struct {
		Verdict incident.Verdict `json:"verdict"`
		Agents  json.RawMessage  `json:"agents"`
	}
	require.NoError(t, json.Unmarshal([]byte(asJSON), &document), "one document")
	assert.Equal(t, b.Analyses[0].Verdict, document.Verdict)
	want, err := json.Marshal(said)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(document.Agents))

	markdown, err := run(t, NewAnalyzeCommand(), bundle, "-", "--replay", "--output", "markdown")
	require.NoError(t, err)
	_, after, found := strings.Cut(markdown, "\n## Agents\n\n")
	require.True(t, found)
	for line := range strings.Lines(after) {
		assert.True(t, line == "\n" || strings.HasPrefix(line, "    "), "preformatted: %q", line)
	}
}

func TestReplayRefuses(t *testing.T) {
	bundle, silent := spokenBundle(t), bundleOf(t)
	old := func(body string) string { return strings.Replace(body, `{"format":2,`, `{"format":1,`, 1) }
	for name, test := range map[string]struct {
		bundle []byte
		args   []string
		want   string
	}{
		"agents off":         {silent, nil, "agents said nothing of this incident"},
		"another revision":   {bundle, []string{"--revision", "2"}, "agents said nothing of revision 2"},
		"no conversation":    {rewritten(t, bundle, "transcripts/", nil), nil, "the bundle lacks the conversation"},
		"a changed one":      {rewritten(t, bundle, "transcripts/", old), nil, "content has digest"},
		"a changed claim":    {rewritten(t, bundle, "analyses/1", replacing("gateway called payment", "gateway called nobody")), nil, "comes out differently from their stored conversation, in claims"},
		"a changed comment":  {rewritten(t, bundle, "analyses/1", replacing(`"commentary": "`, `"commentary": "Not `)), nil, "in commentary"},
		"a changed number":   {rewritten(t, bundle, "analyses/1", replacing(`"turns": `, `"turns": 9`)), nil, "in turns"},
		"a changed new part": {rewritten(t, bundle, "analyses/1", replacing(`"turns": `, `"redactions": {"email": 1}, "turns": `)), nil, "in redactions"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, NewAnalyzeCommand(), test.bundle, append([]string{"-", "--replay"}, test.args...)...)
			require.ErrorContains(t, err, test.want)
		})
	}
}

// A bundle made before transcripts held title and severity still gives its report, and says why it
// cannot be replayed.
func TestReplayOfAnOldBundle(t *testing.T) {
	b, err := analysis.ReadBundle(bytes.NewReader(spokenBundle(t)))
	require.NoError(t, err)
	stored := b.Analyses[0]
	talk := b.Transcripts[stored.Agents.Transcript]
	b.Transcripts[stored.Agents.Transcript] = bytes.Replace(talk, []byte(`{"format":2,`), []byte(`{"format":1,`), 1)
	again, err := reproduce(t.Context(), b, stored)
	require.NoError(t, err)
	require.NoError(t, compare(stored, again))
	_, err = replay(t.Context(), b, stored)
	require.EqualError(t, err, "the transcript has format 1, and this program reads format 2: replay it with the version of prodsentinel that made it")
}

func TestReplayOfAReusedConversation(t *testing.T) {
	b, err := analysis.ReadBundle(bytes.NewReader(spokenBundle(t)))
	require.NoError(t, err)
	stored := b.Analyses[0]
	reused := stored.Agents.AsReused()
	stored.Agents = &reused
	again, err := replay(t.Context(), b, stored)
	require.NoError(t, err)
	assert.True(t, again.Reused)
	assert.Zero(t, again.Tokens)
}

func replacing(old, with string) func(string) string {
	return func(body string) string { return strings.Replace(body, old, with, 1) }
}

// rewritten is a bundle in which entries of a prefix are changed, or left out where change is nil.
func rewritten(t *testing.T, bundle []byte, prefix string, change func(string) string) []byte {
	t.Helper()
	zipped, err := gzip.NewReader(bytes.NewReader(bundle))
	require.NoError(t, err)
	var out bytes.Buffer
	to := gzip.NewWriter(&out)
	w := tar.NewWriter(to)
	for r := tar.NewReader(zipped); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		body, err := io.ReadAll(r)
		require.NoError(t, err)
		if strings.HasPrefix(header.Name, prefix) {
			if change == nil {
				continue
			}
			changed := change(string(body))
			require.NotEqual(t, string(body), changed)
			body = []byte(changed)
		}
		header.Size = int64(len(body))
		require.NoError(t, w.WriteHeader(header))
		_, err = w.Write(body)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	require.NoError(t, to.Close())
	return out.Bytes()
}

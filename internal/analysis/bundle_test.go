package analysis

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestBundle(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
		p.receive(r.Rest())
		p.report(r)
		p.pass(quiet)
		p.receive(r.Entry())
		p.pass(10 * time.Minute)
		in := p.theIncident()
		require.Len(t, p.revisions(in), 2)

		var first, second bytes.Buffer
		require.NoError(t, WriteBundle(t.Context(), p.store, "", in.ID, &first))
		require.NoError(t, WriteBundle(t.Context(), p.store, "", in.ID, &second))
		assert.Equal(t, first.Bytes(), second.Bytes(), "the same state gives the same bytes")

		b, err := ReadBundle(&first)
		require.NoError(t, err)
		assert.Equal(t, in.ID, b.Incident.ID)
		require.Len(t, b.Analyses, 2)
		for i, a := range b.Analyses {
			assert.Equal(t, i+1, a.Revision)
			c, err := OpenCase(b.Cases[a.InputDigest])
			require.NoError(t, err)
			assert.Equal(t, a.Report, sound.analyze(t.Context(), c).Report, "each report follows from its case")
		}
	})
}

func TestBundleOfAnUnknownIncident(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		require.ErrorIs(t, WriteBundle(t.Context(), p.store, "", "none", new(bytes.Buffer)), store.ErrNotFound)
	})
}

// archive is a bundle's bytes with the given entries.
func archive(t testing.TB, entries ...[2]string) []byte {
	t.Helper()
	var out bytes.Buffer
	zipped := gzip.NewWriter(&out)
	w := bundleWriter{tar: tar.NewWriter(zipped)}
	for _, e := range entries {
		w.add(e[0], []byte(e[1]))
	}
	require.NoError(t, w.err)
	require.NoError(t, w.tar.Close())
	require.NoError(t, zipped.Close())
	return out.Bytes()
}

var header = [2]string{"bundle.json", `{"format":1,"incident_id":"a"}`}

func TestReadBundleRefuses(t *testing.T) {
	tests := map[string]struct {
		bundle []byte
		want   string
	}{
		"another file":     {[]byte("{}"), "not an incident bundle"},
		"no header":        {archive(t, [2]string{"incident.json", "{}"}), "bundle.json is missing"},
		"a later format":   {archive(t, [2]string{"bundle.json", `{"format":2}`}), "format 2 is not supported"},
		"a changed case":   {archive(t, header, [2]string{"cases/0000.json", "{}"}), "content has digest"},
		"broken JSON":      {archive(t, header, [2]string{"analyses/1.json", "{"}), `bundle entry "analyses/1.json"`},
		"a truncated file": {archive(t, header)[:60], "read"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ReadBundle(bytes.NewReader(tt.bundle))
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestReadBundlePassesOverUnknownEntries(t *testing.T) {
	b, err := ReadBundle(bytes.NewReader(archive(t, header, [2]string{"notes.txt", "later formats may add"})))
	require.NoError(t, err)
	assert.Empty(t, b.Analyses)
}

func FuzzReadBundle(f *testing.F) {
	f.Add(archive(f, header))
	f.Add(archive(f, header, [2]string{"incident.json", `{"id":"a"}`}, [2]string{"analyses/1.json", `{"revision":1}`}))
	f.Add([]byte("not gzip"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBundle(bytes.NewReader(data))
		if err == nil {
			for digest, body := range b.Cases {
				require.Equal(t, digest, digestOf(body))
			}
		}
	})
}

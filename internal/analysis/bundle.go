package analysis

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// A bundle is a gzipped tar archive:
//
//	bundle.json                {"format": 1, "incident_id": "…"}
//	incident.json              the incident as the API shows it
//	analyses/<revision>.json   each analysis, oldest first
//	cases/<digest>.json        each case those name in input_digest, once
//	transcripts/<digest>.json  each conversation those name in agents.transcript, once
//
// The same stored state gives the same bytes: entries come in this order, without times or owners.

// BundleFormat is the version of the bundle's layout.
const BundleFormat = 1

const maxBundleEntry = 1 << 30 // bytes

const (
	bundleHeader   = "bundle.json"
	bundleIncident = "incident.json"
	bundleAnalyses = "analyses/"
	bundleCases    = "cases/"
	bundleTalks    = "transcripts/"
)

type bundleInfo struct {
	Format     int    `json:"format"`
	IncidentID string `json:"incident_id"`
}

// Bundle is an incident with all its analyses and the cases they were made from.
type Bundle struct {
	Incident incident.Incident
	Analyses []incident.Analysis // oldest first
	Cases    map[string][]byte   // by digest, see OpenCase
	// Transcripts has the agents' conversations by digest.
	Transcripts map[string][]byte
}

// BundleSource is what a bundle is made of.
type BundleSource interface {
	store.Incidents
	Transcript(ctx context.Context, tenant, digest string) ([]byte, error)
}

// WriteBundle writes the bundle of an incident. store.ErrNotFound if there is no such incident.
func WriteBundle(ctx context.Context, s BundleSource, tenant, incidentID string, w io.Writer) error {
	in, err := s.Incident(ctx, tenant, incidentID)
	if err != nil {
		return fmt.Errorf("read incident %s: %w", incidentID, err)
	}
	revisions, err := s.Revisions(ctx, tenant, incidentID)
	if err != nil {
		return fmt.Errorf("list the revisions of incident %s: %w", incidentID, err)
	}
	zipped := gzip.NewWriter(w)
	out := bundleWriter{tar: tar.NewWriter(zipped)}
	out.encode(bundleHeader, bundleInfo{Format: BundleFormat, IncidentID: in.ID})
	out.encode(bundleIncident, in)
	var digests, talks []string
	for i := len(revisions) - 1; i >= 0; i-- {
		a, err := s.Analysis(ctx, tenant, incidentID, revisions[i].Revision)
		if err != nil {
			return fmt.Errorf("read revision %d of incident %s: %w", revisions[i].Revision, incidentID, err)
		}
		a.Now = nil // the incident says it
		out.encode(fmt.Sprintf("%s%d.json", bundleAnalyses, a.Revision), a)
		digests = append(digests, a.InputDigest)
		if a.Agents != nil && a.Agents.Transcript != "" {
			talks = append(talks, a.Agents.Transcript)
		}
	}
	for _, digest := range sortedSet(digests) {
		body, err := s.Case(ctx, tenant, digest)
		if err != nil {
			return fmt.Errorf("read case %s: %w", digest, err)
		}
		out.add(bundleCases+digest+".json", body)
	}
	for _, digest := range sortedSet(talks) {
		body, err := s.Transcript(ctx, tenant, digest)
		if errors.Is(err, store.ErrNotFound) {
			continue // the analyses and their cases are worth having without it
		}
		if err != nil {
			return fmt.Errorf("read transcript %s: %w", digest, err)
		}
		out.add(bundleTalks+digest+".json", body)
	}
	return errors.Join(out.err, out.tar.Close(), zipped.Close())
}

// bundleWriter keeps the first error, after which it writes nothing more.
type bundleWriter struct {
	tar *tar.Writer
	err error
}

func (b *bundleWriter) encode(name string, v any) {
	body, err := json.MarshalIndent(v, "", "  ")
	if err != nil && b.err == nil {
		b.err = fmt.Errorf("encode %s: %w", name, err)
	}
	b.add(name, append(body, '\n'))
}

func (b *bundleWriter) add(name string, body []byte) {
	if b.err != nil {
		return
	}
	header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg, Format: tar.FormatPAX}
	if b.err = b.tar.WriteHeader(header); b.err == nil {
		_, b.err = b.tar.Write(body)
	}
	if b.err != nil {
		b.err = fmt.Errorf("write %s: %w", name, b.err)
	}
}

// ReadBundle reads what WriteBundle wrote. Entries it does not know are passed over.
func ReadBundle(r io.Reader) (*Bundle, error) {
	zipped, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("not an incident bundle: %w", err)
	}
	b := Bundle{Cases: make(map[string][]byte), Transcripts: make(map[string][]byte)}
	var info bundleInfo
	for archive := tar.NewReader(zipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("read the bundle: %w", err)
		}
		if header.Size > maxBundleEntry {
			return nil, fmt.Errorf("bundle entry %q has %d bytes, more than %d", header.Name, header.Size, maxBundleEntry)
		}
		body, err := io.ReadAll(archive)
		if err != nil {
			return nil, fmt.Errorf("read bundle entry %q: %w", header.Name, err)
		}
		if err := b.take(header.Name, body, &info); err != nil {
			return nil, fmt.Errorf("bundle entry %q: %w", header.Name, err)
		}
	}
	if info.Format == 0 {
		return nil, fmt.Errorf("not an incident bundle: %s is missing", bundleHeader)
	}
	return &b, nil
}

func (b *Bundle) take(name string, body []byte, info *bundleInfo) error {
	switch {
	case name == bundleHeader:
		if err := json.Unmarshal(body, info); err != nil {
			return err
		}
		if info.Format != BundleFormat {
			return fmt.Errorf("format %d is not supported; this program reads format %d", info.Format, BundleFormat)
		}
	case name == bundleIncident:
		return json.Unmarshal(body, &b.Incident)
	case strings.HasPrefix(name, bundleAnalyses):
		var a incident.Analysis
		if err := json.Unmarshal(body, &a); err != nil {
			return err
		}
		b.Analyses = append(b.Analyses, a)
	case strings.HasPrefix(name, bundleCases):
		return keep(b.Cases, strings.TrimPrefix(name, bundleCases), body)
	case strings.HasPrefix(name, bundleTalks):
		return keep(b.Transcripts, strings.TrimPrefix(name, bundleTalks), body)
	}
	return nil
}

// keep takes a file that is named by its digest.
func keep(files map[string][]byte, name string, body []byte) error {
	digest := strings.TrimSuffix(name, ".json")
	if got := digestOf(body); got != digest {
		return fmt.Errorf("content has digest %s", got)
	}
	files[digest] = body
	return nil
}

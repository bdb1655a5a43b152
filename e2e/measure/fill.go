package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

const (
	// requestTraces and requestPoints make about as many spans, logs and points as fillDays wants.
	requestTraces = 250
	requestPoints = 500
	perRequest    = requestTraces*(spansPerTrace+logsPerTrace) + requestPoints
	// fillIncidents is how many incidents the failing traces of the first day belong to.
	fillIncidents = 200
)

// fill stores signals: those of today through the store, those of the days before as copies of
// them, received and happened so much earlier, with identities and traces of their own.
func fill(ctx context.Context, t target) error {
	if t.days < 1 || t.database == "" {
		return errors.New("fill needs -database and at least one day")
	}
	s, err := postgres.Open(ctx, t.database, postgres.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	begun := time.Now()
	w := newWorld(begun)
	for stored := 0; stored < t.signals/t.days; stored += perRequest {
		if _, err := s.Append(ctx, []store.Batch{w.request(requestTraces, requestPoints)}); err != nil {
			return err
		}
	}
	fmt.Printf("stored today's signals in %s\n", time.Since(begun).Round(time.Second))
	if err := fillFailures(ctx, s); err != nil {
		return err
	}
	fmt.Printf("classified and analysed after %s\n", time.Since(begun).Round(time.Second))
	if err := fillDays(ctx, t); err != nil {
		return err
	}
	fmt.Printf("filled in %s\n", time.Since(begun).Round(time.Second))
	return nil
}

// fillFailures classifies all failures, and analyses their incidents.
func fillFailures(ctx context.Context, s *postgres.Store) error {
	for {
		if found, err := s.Orphans(ctx, time.Now().Add(time.Minute), 1000); err != nil || found == 0 {
			if err != nil {
				return err
			}
			break
		}
	}
	for {
		claimed, err := s.ClaimFailures(ctx, "fill", time.Minute, 500)
		if err != nil {
			return err
		}
		if len(claimed) == 0 {
			break
		}
		results := make([]store.Classified, len(claimed))
		for i, f := range claimed {
			results[i] = store.Classified{Failure: f, Classification: madeUp(f)}
		}
		if _, err := s.SaveClassifications(ctx, results, incident.Policy{MaxNewIncidents: fillIncidents, LateWindow: 10 * time.Minute}); err != nil {
			return err
		}
	}
	for {
		claims, err := s.ClaimIncidents(ctx, "fill", time.Minute, 100)
		if err != nil || len(claims) == 0 {
			return err
		}
		for _, c := range claims {
			if _, err := s.SaveAnalysis(ctx, c, madeUpAnalysis(c.Incident)); err != nil {
				return err
			}
		}
	}
}

func madeUp(f store.Failure) incident.Classification {
	n := int(f.TraceID[0])*256 + int(f.TraceID[1])
	service := serviceName(n % worldServices)
	sum := sha256.Sum256(fmt.Append(nil, n%fillIncidents))
	return incident.Classification{
		Key: f.Key, TraceID: f.TraceID, State: incident.FailureClassified, Outcome: incident.OutcomeFailed, EntryService: service, EntryOperation: "GET /api/v1/" + service + "/{id}",
		Services: []string{service}, Environments: []string{"production"}, Versions: []string{service + "@1.4.0"},
		FirstError: signal.NanosOf(f.FirstError), LastError: signal.NanosOf(f.FirstError),
		Roots: []incident.Root{{
			Signature: hex.EncodeToString(sum[:]), Kind: incident.KindCode, Service: service, Component: service, Operation: "GET",
			Parts:    incident.SignatureParts{Version: 1, Kind: incident.KindCode, Identity: []string{service, strconv.Itoa(n % fillIncidents)}, Class: incident.ClassException},
			Category: incident.CategoryTimeout, Title: fmt.Sprintf("Read timed out in %s (%d)", service, n%fillIncidents), Onset: signal.NanosOf(f.FirstError), Errors: 1, ErrorSignals: f.ErrorSignals,
		}},
	}
}

func madeUpAnalysis(in incident.Incident) store.AnalysisRecord {
	sum := sha256.Sum256([]byte(in.ID))
	return store.AnalysisRecord{
		ObservationsDigest: in.ID,
		Case:               append(append([]byte(`{"padding":"`), bytes.Repeat([]byte(in.ID), 3000)...), `"}`...),
		Analysis: incident.Analysis{
			EngineVersion: "1", InputDigest: hex.EncodeToString(sum[:]), Reason: incident.ReasonOpened,
			Report: incident.Report{
				Verdict: incident.VerdictRootCause, Severity: incident.SeverityHigh,
				RootCause: &incident.RootCause{
					Kind: incident.KindCode, Service: in.RootCause.Service, Component: in.RootCause.Component, Category: in.RootCause.Category,
					Statement: in.Title, Confidence: 800_000,
				},
			},
		},
	}
}

// fillDays copies today's signals to the days before.
func fillDays(ctx context.Context, t target) error {
	c, err := pgx.Connect(ctx, t.database)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }()
	for ago := 1; ago < t.days; ago++ {
		if _, err := c.Exec(ctx, fmt.Sprintf(copyDay, ago)); err != nil {
			return fmt.Errorf("copy to %d days ago: %w", ago, err)
		}
	}
	_, err = c.Exec(ctx, "VACUUM (ANALYZE) spans, logs, metric_points, error_signals, resources, failures, incidents, incident_failures, analyses")
	return err
}

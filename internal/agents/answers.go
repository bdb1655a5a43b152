package agents

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

const concludeName = "conclude"

// maxClaims bounds how many claims of one agent are read.
const maxClaims = 40

// wireAnswer is what an agent answers.
type wireAnswer struct {
	Claims     []wireClaim     `json:"claims"`
	Commentary string          `json:"commentary"`
	Assessment *wireAssessment `json:"assessment"`
}

type wireClaim struct {
	ID        string      `json:"id"`
	Predicate string      `json:"predicate"`
	Subject   string      `json:"subject"`
	Object    string      `json:"object"`
	Evidence  []string    `json:"evidence"`
	Quote     string      `json:"quote"`
	Number    *wireNumber `json:"number"`
}

type wireNumber struct {
	Value string `json:"value"`
	Unit  string `json:"unit"`
	Field string `json:"field"`
}

type wireAssessment struct {
	Stance     string   `json:"stance"`
	Confidence float64  `json:"confidence"`
	Because    []string `json:"because"`
	Component  string   `json:"component"`
}

// answered is what one agent said.
type answered struct {
	agent      string
	claims     []incident.Claim
	commentary string
	assessment *incident.Assessment
}

func concludeDeclaration() declaration {
	return declaration{
		Name:        concludeName,
		Description: "Ends the investigation with what was found out.",
		Parameters:  answerSchema(true),
	}
}

var errTrailing = errors.New("there is text after the JSON object")

// parseAnswer reads an answer by its form. Fields it does not know are passed over; what a claim
// says is for its verification to judge.
func parseAnswer(agent string, body []byte) (*answered, error) {
	var w wireAnswer
	d := json.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&w); err != nil {
		return nil, fmt.Errorf("it is no JSON object of the schema: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	if w.Claims == nil {
		return nil, errors.New("claims are missing; an empty list is allowed")
	}
	if len(w.Claims) > maxClaims {
		return nil, fmt.Errorf("there are %d claims; at most %d are read", len(w.Claims), maxClaims)
	}
	a := &answered{agent: agent, commentary: w.Commentary}
	for _, c := range w.Claims {
		a.claims = append(a.claims, c.claim(agent))
	}
	if agent == agentInvestigator {
		if w.Assessment == nil {
			return nil, errors.New("the assessment is missing")
		}
		assessment, err := w.Assessment.assessment()
		if err != nil {
			return nil, err
		}
		a.assessment = assessment
	}
	return a, nil
}

func (c wireClaim) claim(agent string) incident.Claim {
	out := incident.Claim{
		ID: c.ID, Author: agent, Predicate: incident.Predicate(c.Predicate), Subject: c.Subject, Object: c.Object, Quote: c.Quote,
		Evidence: []incident.Ref{},
	}
	for _, ref := range c.Evidence {
		out.Evidence = append(out.Evidence, incident.Ref(ref))
	}
	if c.Number != nil && *c.Number != (wireNumber{}) {
		out.Number = &incident.Quantity{Value: c.Number.Value, Unit: c.Number.Unit, Field: c.Number.Field}
	}
	return out
}

var stances = []incident.Stance{incident.StanceAgrees, incident.StanceLowers, incident.StanceAbstains, incident.StanceDisagrees}

func (w wireAssessment) assessment() (*incident.Assessment, error) {
	a := &incident.Assessment{Stance: incident.Stance(w.Stance), Because: w.Because, Component: w.Component}
	if !slices.Contains(stances, a.Stance) {
		return nil, fmt.Errorf("assessment.stance must be one of %v", stances)
	}
	if !(w.Confidence >= 0 && w.Confidence <= 1) {
		return nil, errors.New("assessment.confidence must be within 0 and 1")
	}
	a.Confidence = incident.Confidence(w.Confidence * float64(incident.Certain))
	return a, nil
}

// number gives claims their IDs in the order made, over all agents, and lets the assessment name
// them by these.
func (a *answered) number(from int) {
	renamed := make(map[string]string, len(a.claims))
	for i := range a.claims {
		id := fmt.Sprintf("c%d", from+i+1)
		if _, taken := renamed[a.claims[i].ID]; !taken {
			renamed[a.claims[i].ID] = id
		}
		a.claims[i].ID = id
	}
	if a.assessment == nil {
		return
	}
	because := []string{}
	for _, id := range a.assessment.Because {
		if named, ok := renamed[id]; ok {
			because = append(because, named)
		}
	}
	a.assessment.Because = because
}

func answerSchema(assessed bool) map[string]any {
	predicates := []string{
		"errored", "slower_than", "called", "not_called", "preceded", "saturated", "missing", "changed", "refused", "caused_by", "ruled_out",
	}
	claim := object([]string{"id", "predicate", "subject", "evidence"}, map[string]any{
		"id":        field("string", "your own name for the claim: c1, c2, …"),
		"predicate": choice("what is claimed", predicates...),
		"subject":   field("string", `"service" or "service operation"`),
		"object":    field("string", "as subject; where the predicate has one"),
		"evidence":  map[string]any{"type": "array", "items": map[string]any{"type": "string"}, "description": "references of the records that prove it"},
		"quote":     field("string", "exact text of one of the records"),
		"number": object([]string{"value", "unit", "field"}, map[string]any{
			"value": field("string", "decimal number"),
			"unit":  field("string", `"ms", "s", "%", or "" for none`),
			"field": field("string", `"duration", an attribute's key, or "value" of a metric point`),
		}),
	})
	fields := map[string]any{
		"claims":     map[string]any{"type": "array", "items": claim},
		"commentary": field("string", "a few general sentences in prose, or empty"),
	}
	required := []string{"claims"}
	if assessed {
		required = append(required, "assessment")
		fields["assessment"] = object([]string{"stance", "confidence", "because"}, map[string]any{
			"stance":     choice("what you think of the rules' verdict", "agrees", "lowers", "abstains", "disagrees"),
			"confidence": field("number", "0 to 1; has an effect only below the rules' own"),
			"because":    map[string]any{"type": "array", "items": map[string]any{"type": "string"}, "description": "ids of your claims it rests on"},
			"component":  field("string", "the candidate's component, where you disagree"),
		})
	}
	return object(required, fields)
}

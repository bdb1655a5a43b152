package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Authors of claims.
const (
	Summarizer   = "summarizer"
	Investigator = "investigator"
)

const (
	maxAnswer     = 256 << 10
	maxClaims     = 100
	maxCommentary = 4_000
)

// Answer is what an agent concluded, not verified yet.
type Answer struct {
	Claims     []incident.Claim
	Commentary string
	// Assessment is nil where the agent gave none; the Summarizer never gives one.
	Assessment *incident.Assessment
}

type wireAnswer struct {
	Claims     []wireClaim     `json:"claims"`
	Commentary string          `json:"commentary"`
	Assessment *wireAssessment `json:"assessment"`
}

type wireClaim struct {
	ID        string             `json:"id"`
	Predicate incident.Predicate `json:"predicate"`
	Subject   string             `json:"subject"`
	Object    string             `json:"object"`
	Evidence  []incident.Ref     `json:"evidence"`
	Quote     string             `json:"quote"`
	Number    *incident.Quantity `json:"number"`
}

type wireAssessment struct {
	Stance     incident.Stance `json:"stance"`
	Confidence *float64        `json:"confidence"`
	Because    []string        `json:"because"`
	Component  string          `json:"component"`
}

// Parse reads a model's structured answer strictly: unknown fields, trailing text and sizes beyond
// the limits are errors that tell the model what to correct. Claims are numbered on from after, the
// number of claims that other agents made before; their IDs in the assessment follow.
func Parse(data []byte, author string, after int) (Answer, error) {
	if len(data) > maxAnswer {
		return Answer{}, fmt.Errorf("the answer has %d bytes, at most %d are allowed", len(data), maxAnswer)
	}
	var w wireAnswer
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&w); err != nil {
		return Answer{}, fmt.Errorf("the answer is not JSON of the schema: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Answer{}, errors.New("the answer goes on after its JSON object")
	}
	switch {
	case len(w.Claims) > maxClaims:
		return Answer{}, fmt.Errorf("claims: at most %d are allowed, got %d", maxClaims, len(w.Claims))
	case len(w.Commentary) > maxCommentary:
		return Answer{}, fmt.Errorf("commentary: at most %d bytes are allowed, got %d", maxCommentary, len(w.Commentary))
	case author == Summarizer && w.Assessment != nil:
		return Answer{}, errors.New("assessment: only the investigator gives one")
	}
	a := Answer{Commentary: w.Commentary}
	ids := map[string]string{}
	for i, c := range w.Claims {
		id := "c" + strconv.Itoa(after+i+1)
		switch {
		case c.ID == "":
			return Answer{}, fmt.Errorf("claims[%d].id: is missing", i)
		case ids[c.ID] != "":
			return Answer{}, fmt.Errorf("claims[%d].id: %q is used twice", i, excerpt(c.ID))
		}
		ids[c.ID] = id
		a.Claims = append(a.Claims, incident.Claim{
			ID: id, Author: author, Predicate: c.Predicate, Subject: c.Subject, Object: c.Object,
			Evidence: c.Evidence, Quote: c.Quote, Number: c.Number,
		})
	}
	if w.Assessment != nil {
		assessment, err := w.Assessment.read(ids, after)
		if err != nil {
			return Answer{}, err
		}
		a.Assessment = assessment
	}
	return a, nil
}

// read checks an assessment and gives the claims it names their numbers: the agent's own, else one
// of the agents before.
func (w *wireAssessment) read(ids map[string]string, after int) (*incident.Assessment, error) {
	a := &incident.Assessment{Stance: w.Stance, Component: w.Component, Because: []string{}}
	if !slices.Contains(stances, w.Stance) {
		return nil, fmt.Errorf("assessment.stance: %q is none of %v", excerpt(string(w.Stance)), stances)
	}
	if w.Confidence != nil {
		if c := *w.Confidence; !(c >= 0 && c <= 1) {
			return nil, errors.New("assessment.confidence: must lie between 0 and 1")
		}
		a.Confidence = incident.Confidence(math.Round(*w.Confidence * float64(incident.Certain)))
	} else if w.Stance == incident.StanceLowers {
		return nil, errors.New("assessment.confidence: is missing")
	}
	for _, id := range w.Because {
		switch {
		case ids[id] != "":
			id = ids[id]
		case !isEarlier(id, after):
			return nil, fmt.Errorf("assessment.because: there is no claim %q", excerpt(id))
		}
		if !slices.Contains(a.Because, id) {
			a.Because = append(a.Because, id)
		}
	}
	return a, nil
}

var stances = []incident.Stance{incident.StanceAgrees, incident.StanceLowers, incident.StanceAbstains, incident.StanceDisagrees}

// isEarlier reports whether an ID is that of one of the first claims.
func isEarlier(id string, claims int) bool {
	if len(id) < 2 || id[0] != 'c' {
		return false
	}
	n, err := strconv.Atoi(id[1:])
	return err == nil && n >= 1 && n <= claims && id == "c"+strconv.Itoa(n)
}

package geminitest

// Claim is a claim as the agents' answer has it.
type Claim struct {
	ID        string   `json:"id"`
	Predicate string   `json:"predicate"`
	Subject   string   `json:"subject"`
	Object    string   `json:"object,omitempty"`
	Evidence  []string `json:"evidence"`
	Quote     string   `json:"quote,omitempty"`
	Number    *Number  `json:"number,omitempty"`
}

// Number is a quantity of a claim.
type Number struct {
	Value string `json:"value"`
	Unit  string `json:"unit,omitempty"`
	Field string `json:"field"`
}

// Assessment is the Investigator's view of the rules' verdict.
type Assessment struct {
	Stance     string   `json:"stance"`
	Confidence float64  `json:"confidence"`
	Because    []string `json:"because"`
	Component  string   `json:"component,omitempty"`
}

// Answer is what an agent concludes. The Summarizer has no assessment.
type Answer struct {
	Claims     []Claim     `json:"claims"`
	Commentary string      `json:"commentary"`
	Assessment *Assessment `json:"assessment,omitempty"`
}

// concludeFunction is the one by which the Investigator concludes.
const concludeFunction = "conclude"

// answerTo answers in the form the request asks for: as the arguments of conclude, or as text.
func answerTo(r *Request, a Answer) Reply {
	if a.Claims == nil {
		a.Claims = []Claim{}
	}
	if !r.MayCall(concludeFunction) {
		a.Assessment = nil
		return JSON(a)
	}
	if a.Assessment == nil {
		a.Assessment = &Assessment{Stance: "agrees", Because: []string{}}
	}
	return Call(concludeFunction, toMap(a))
}

package claims

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Schema is the JSON schema of an agent's answer.
func Schema(author string) map[string]any {
	properties := map[string]any{
		"claims":     map[string]any{"type": "array", "maxItems": maxClaims, "items": claimSchema()},
		"commentary": map[string]any{"type": "string", "description": "A few plain sentences without numbers, IDs or names that no claim has. May be empty."},
	}
	required := []string{"claims", "commentary"}
	if author == Investigator {
		properties["assessment"] = assessmentSchema()
		required = append(required, "assessment")
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

func claimSchema() map[string]any {
	text := func(description string) map[string]any {
		return map[string]any{"type": "string", "description": description}
	}
	return map[string]any{
		"type": "object", "additionalProperties": false,
		"required": []string{"id", "predicate", "subject", "evidence"},
		"properties": map[string]any{
			"id":        text("c1, c2, …, going on from the claims made before"),
			"predicate": map[string]any{"type": "string", "enum": predicates, "description": predicateHelp},
			"subject":   text("a component as shown: \"service\" or \"service operation\", or a dependency's name"),
			"object":    text("the other component, where the predicate has one"),
			"evidence": map[string]any{
				"type": "array", "minItems": 1, "maxItems": maxEvidence, "items": text("an evidence reference as shown, e.g. span:…/… or log:…"),
			},
			"quote": text("whole words of one value of an evidence record, copied byte for byte, placeholders included"),
			"number": map[string]any{
				"type": "object", "additionalProperties": false, "required": []string{"value", "field"},
				"properties": map[string]any{
					"value": text("a decimal number, rounded to the digits given, e.g. 5.03"),
					"unit":  text("ns, us, ms, s, min, h, B, kB, MB, KiB, MiB, GiB or %; empty for plain numbers"),
					"field": text("duration of a span, value of a metric point, body of a log record, or the key of an attribute"),
				},
			},
		},
	}
}

const predicateHelp = "errored: subject failed, cite its error: of a request, an operation, or a call to it where it records nothing. " +
	"slower_than: subject took longer than object, cite spans of both; or give its duration. " +
	"called: subject called object, cite either side's span. not_called: subject did not call object in a trace, cite subject's span. " +
	"preceded: cite the earlier record of subject first, then that of object. " +
	"saturated: cite a metric point of subject whose limit the case shows, and give its value. " +
	"missing: cite the call to subject where it recorded nothing. changed: cite the change of subject. " +
	"refused: subject refused a call of object, cite that call or its other side. " +
	"caused_by: subject's failure came from object's below it; cite an error of subject and, below that in the same trace, one of object, the failed call to it, " +
	"or the span of it that held the time. " +
	"ruled_out: candidate subject, other than the rules' root cause, is not the cause; cite a span of it."

var predicates = []incident.Predicate{
	incident.PredicateErrored, incident.PredicateSlowerThan, incident.PredicateCalled, incident.PredicateNotCalled, incident.PredicatePreceded,
	incident.PredicateSaturated, incident.PredicateMissing, incident.PredicateChanged, incident.PredicateRefused, incident.PredicateCausedBy,
	incident.PredicateRuledOut,
}

func assessmentSchema() map[string]any {
	return map[string]any{
		"type": "object", "additionalProperties": false, "required": []string{"stance", "because"},
		"properties": map[string]any{
			"stance": map[string]any{"type": "string", "enum": stances, "description": "agrees with the rules; lowers their confidence; " +
				"abstains: the evidence does not carry the verdict; disagrees: another component of the case is likelier"},
			"confidence": map[string]any{"type": "number", "minimum": 0, "maximum": 1, "description": "the lowered one"},
			"because":    map[string]any{"type": "array", "items": map[string]any{"type": "string"}, "description": "IDs of the claims it rests on: unless it agrees, one must speak against the cause that the rules found"},
			"component":  map[string]any{"type": "string", "description": "the likelier component, where it disagrees"},
		},
	}
}

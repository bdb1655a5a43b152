package geminitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// decode reads a request as strictly as the service: no unknown field, no turn out of order.
func decode(body []byte, r *Request) error {
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(r); err != nil {
		return fmt.Errorf("request is not of the protocol: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("request has more than one JSON value")
	}
	for _, check := range []func(*Request) error{checkContents, checkCalls, checkTools, checkGeneration} {
		if err := check(r); err != nil {
			return err
		}
	}
	return nil
}

func checkContents(r *Request) error {
	if len(r.Contents) == 0 {
		return errors.New("contents are empty")
	}
	for i, c := range r.Contents {
		want := "user"
		if i%2 == 1 {
			want = "model"
		}
		if c.Role != want {
			return fmt.Errorf("contents[%d] has role %q; roles must alternate, beginning with user", i, c.Role)
		}
		if len(c.Parts) == 0 {
			return fmt.Errorf("contents[%d] has no parts", i)
		}
		for j, p := range c.Parts {
			if kinds(p) != 1 {
				return fmt.Errorf("contents[%d].parts[%d] has %d kinds of data, must have one", i, j, kinds(p))
			}
		}
	}
	if len(r.Contents)%2 == 0 {
		return errors.New("the last of contents is the model's")
	}
	return nil
}

func kinds(p Part) int {
	n := 0
	for _, has := range []bool{p.Text != "", p.FunctionCall != nil, p.FunctionResponse != nil} {
		if has {
			n++
		}
	}
	return n
}

// checkCalls wants every call answered in the very next turn, in number, name and ID, and its
// thought signature back.
func checkCalls(r *Request) error {
	var open []*FunctionCall
	for i, c := range r.Contents {
		var calls []*FunctionCall
		var responses []*FunctionResponse
		for _, p := range c.Parts {
			if f := p.FunctionCall; f != nil {
				calls = append(calls, f)
				if !bytes.Equal(p.ThoughtSignature, signatureOf(f.ID)) {
					return fmt.Errorf("contents[%d]: function call %s lacks its thought_signature", i, f.Name)
				}
			}
			if p.FunctionResponse != nil {
				responses = append(responses, p.FunctionResponse)
			}
		}
		if c.Role == "user" {
			if len(calls) > 0 {
				return fmt.Errorf("contents[%d]: a user calls a function", i)
			}
			if len(responses) != len(open) {
				return fmt.Errorf("contents[%d]: %d function responses for %d calls", i, len(responses), len(open))
			}
			if len(responses) > 0 && len(responses) < len(c.Parts) {
				return fmt.Errorf("contents[%d] answers functions and must hold nothing but that", i)
			}
			for j, resp := range responses {
				if resp.Name != open[j].Name || resp.ID != open[j].ID || resp.Response == nil {
					return fmt.Errorf("contents[%d]: function response %s/%s does not answer call %s/%s", i, resp.Name, resp.ID, open[j].Name, open[j].ID)
				}
			}
		} else if len(responses) > 0 {
			return fmt.Errorf("contents[%d]: a model answers a function", i)
		}
		open = calls
	}
	return nil
}

var functionName = regexp.MustCompile(`^[A-Za-z_][\w.:-]{0,127}$`)

func checkTools(r *Request) error {
	var declared []string
	for _, t := range r.Tools {
		for _, f := range t.FunctionDeclarations {
			if !functionName.MatchString(f.Name) || slices.Contains(declared, f.Name) {
				return fmt.Errorf("function name %q is invalid or declared twice", f.Name)
			}
			if f.Description == "" {
				return fmt.Errorf("function %s has no description", f.Name)
			}
			if err := checkSchema(f.ParametersJSONSchema, f.Name); err != nil {
				return err
			}
			declared = append(declared, f.Name)
		}
	}
	if r.ToolConfig == nil || r.ToolConfig.FunctionCallingConfig == nil {
		return nil
	}
	c := r.ToolConfig.FunctionCallingConfig
	if !slices.Contains([]string{"AUTO", "ANY", "NONE", "VALIDATED"}, c.Mode) {
		return fmt.Errorf("function calling mode is %q", c.Mode)
	}
	if len(declared) == 0 {
		return errors.New("function calling config is set without any function")
	}
	if len(c.AllowedFunctionNames) > 0 && c.Mode != "ANY" {
		return fmt.Errorf("allowed_function_names is set in mode %s", c.Mode)
	}
	for _, name := range c.AllowedFunctionNames {
		if !slices.Contains(declared, name) {
			return fmt.Errorf("allowed function %q is not declared", name)
		}
	}
	return nil
}

func checkGeneration(r *Request) error {
	g := r.GenerationConfig
	if g == nil {
		return nil
	}
	if g.Temperature != nil && (*g.Temperature < 0 || *g.Temperature > 2) {
		return fmt.Errorf("temperature is %v", *g.Temperature)
	}
	if g.MaxOutputTokens < 0 || g.CandidateCount > 1 {
		return errors.New("max_output_tokens or candidate_count is out of range")
	}
	if len(g.ResponseJSONSchema) > 0 {
		if g.ResponseMIMEType != "application/json" {
			return errors.New("a response schema needs response_mime_type application/json")
		}
		if err := checkSchema(g.ResponseJSONSchema, "response"); err != nil {
			return err
		}
	}
	if g.ResponseMIMEType == "application/json" && len(r.Tools) > 0 {
		return errors.New("function calling with a response mime type 'application/json' is unsupported")
	}
	return nil
}

// schemaKeys are what the service understands of JSON Schema.
var schemaKeys = strings.Fields("$id $defs $ref $anchor type format title description enum items prefixItems minItems maxItems " +
	"minimum maximum anyOf oneOf properties additionalProperties required propertyOrdering")

func checkSchema(raw json.RawMessage, where string) error {
	if len(raw) == 0 {
		return nil
	}
	var s map[string]json.RawMessage
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("schema of %s is no object: %w", where, err)
	}
	for key := range s {
		if !slices.Contains(schemaKeys, key) {
			return fmt.Errorf("schema of %s uses %q, which is not supported", where, key)
		}
	}
	if err := checkSchema(s["items"], where+"[]"); err != nil {
		return err
	}
	var properties map[string]json.RawMessage
	if len(s["properties"]) > 0 {
		if err := json.Unmarshal(s["properties"], &properties); err != nil {
			return fmt.Errorf("properties of %s are no object: %w", where, err)
		}
	}
	var required []string
	if len(s["required"]) > 0 {
		if err := json.Unmarshal(s["required"], &required); err != nil {
			return fmt.Errorf("required of %s is no list: %w", where, err)
		}
	}
	for _, name := range required {
		if _, ok := properties[name]; !ok {
			return fmt.Errorf("%s requires %q, which it does not describe", where, name)
		}
	}
	for name, p := range properties {
		if err := checkSchema(p, where+"."+name); err != nil {
			return err
		}
	}
	return nil
}

// Package geminitest is a local server that speaks the REST protocol of the Gemini API
// (generateContent, without streaming, under the paths of Google AI and of Vertex AI). Behind it
// answers a script, not a model. It refuses whatever the real service would refuse, so that a test
// that passes means something; and it serves the demo, where a script shows the flow without a
// key. It must not be mistaken for a model: the version it reports is ModelVersion.
package geminitest

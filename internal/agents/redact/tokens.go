package redact

import "regexp"

// tokenRules know the tokens and addresses of widespread services by their shape where leakRules do not,
// or only where another word tells of them.
var tokenRules = []rule{
	token(`\bgh[pousr]_[A-Za-z0-9]{16,}`, "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
	token(`\b(?:glpat|gldt|glrt|glcbt|glptt|glft|glimt|glagent|glsoat|gloas)-[\w.-]{20,}`, "gl"),
	token(`\bxox[abeoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,}`, "xox"),
	token(`\bxapp-\d-[A-Za-z0-9-]{10,}`, "xapp-"),
	token(`https://hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{12,})`, "hooks.slack"),
	token(`https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/([\w/-]{20,})`, "discord"),
	token(`https://[\w.-]+\.webhook\.office\.com/([\w/@-]{20,})`, "webhook.office.com"),
	token(`https://[\w.-]+\.logic\.azure\.com(?::\d+)?/(\S{20,})`, "logic.azure.com"),
	token(`https://chat\.googleapis\.com/v1/spaces/(\S{20,})`, "chat.googleapis.com"),
	token(`https://events\.pagerduty\.com/(?:integration|x-ere)/([\w-]{16,})`, "events.pagerduty.com"),
	token(`\bsk-(?:proj-|svcacct-|admin-|ant-[\w-]*?|or-v1-)?[A-Za-z0-9_-]{20,}`, "sk-"),
	token(`\b(?:sk|rk|pk|whsec)_(?:live_|test_|prod_)?[A-Za-z0-9]{16,}`, "sk_", "rk_", "pk_", "whsec_"),
	token(`\bAIza[\w-]{35}`, "aiza"),
	token(`\bya29\.[\w-]{20,}`, "ya29."),
	token(`\bGOCSPX-[\w-]{20,}`, "gocspx-"),
	token(`\b1//0[\w-]{20,}`, "1//0"),
	token(`\bSG\.[\w-]{16,}\.[\w-]{16,}`, "sg."),
	token(`\bkey-[0-9a-z]{32}\b`, "key-"),
	token(`\bpypi-[\w-]{16,}`, "pypi-"),
	token(`\bdckr_(?:pat|oat)_[\w-]{20,}`, "dckr_"),
	token(`\bhf_[A-Za-z0-9]{20,}`, "hf_"),
	token(`\bsq0(?:atp|csp)-[\w-]{20,}`, "sq0"),
	token(`\bEAA[A-Za-z0-9]{30,}`, "eaa"),
	token(`\bhv[sbr]\.[\w-]{20,}`, "hvs.", "hvb.", "hvr."),
	token(`\bs\.[A-Za-z0-9]{24}\b`, "s."),
	token(`\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{40,}`, "atlasv1"),
	token(`\bdp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,}`, "dp."),
	token(`\bgl(?:sa|c)_[A-Za-z0-9+/=_]{30,}`, "glsa_", "glc_"),
	token(`\bsntry[su]_[A-Za-z0-9+/=_]{30,}`, "sntry"),
	token(`\blin_(?:api|oauth)_[A-Za-z0-9]{20,}`, "lin_"),
	token(`\b(?:secret|ntn)_[A-Za-z0-9]{40,}`, "secret_", "ntn_"),
	token(`\b\d{8,10}:[A-Za-z0-9_-]{35}\b`, ":"),
	token(`\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}\b`, "pat"),
	token(`\bops_eyJ[\w+/=-]{40,}`, "ops_eyj"),
	token(`\btskey-[\w-]{20,}`, "tskey-"),
	token(`\bfig[doru]{0,2}_[\w-]{30,}`, "fig"),
	token(`\bAccountKey=([A-Za-z0-9+/=]{20,})`, "accountkey="),
	token(`\bSharedAccessSignature\s+(\S+)`, "sharedaccesssignature"),
	token(`(?i)\bX-Amz-(?:Signature|Security-Token|Credential)(?:=|%3D)([^\s&"']+)`, "x-amz-"),
}

func token(pattern string, words ...string) rule {
	find := regexp.MustCompile(pattern)
	return rule{kind: KindSecret, find: find, group: min(1, find.NumSubexp()), words: words}
}

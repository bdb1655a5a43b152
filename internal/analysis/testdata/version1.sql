BEGIN TRANSACTION;
CREATE TABLE agent_runs (
	tenant      TEXT    NOT NULL,
	incident_id TEXT    NOT NULL,
	revision    INTEGER NOT NULL,
	state       TEXT    NOT NULL,
	asked_at    INTEGER NOT NULL,
	due_at      INTEGER NOT NULL DEFAULT 0,
	attempts    INTEGER NOT NULL DEFAULT 0,
	lease_owner TEXT    NOT NULL DEFAULT '',
	lease_until INTEGER NOT NULL DEFAULT 0,
	finished_at INTEGER NOT NULL DEFAULT 0,
	reuse_key   TEXT    NOT NULL DEFAULT '',
	transcript  TEXT    NOT NULL DEFAULT '', -- digest
	body        TEXT    NOT NULL,            -- JSON
	PRIMARY KEY (tenant, incident_id, revision)
) STRICT;
CREATE TABLE agent_spend (
	id          TEXT    PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	incident_id TEXT    NOT NULL,
	at          INTEGER NOT NULL,
	tokens      INTEGER NOT NULL,
	micro_usd   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE agents_info (
	id          INTEGER PRIMARY KEY CHECK (id = 1),
	reported_at INTEGER NOT NULL,
	body        TEXT    NOT NULL -- JSON
) STRICT;
INSERT INTO "agents_info" VALUES(1,1796011345347354122,'{"enabled":false,"provider":"none","reason":"No model is configured (agents.provider is none): reports come from the rules alone, and nothing leaves this process.","reported_at":"0001-01-01T00:00:00Z"}');
CREATE TABLE analyses (
	tenant              TEXT    NOT NULL,
	incident_id         TEXT    NOT NULL,
	revision            INTEGER NOT NULL,
	supersedes          INTEGER NOT NULL,
	reason              TEXT    NOT NULL,
	engine_version      TEXT    NOT NULL,
	input_digest        TEXT    NOT NULL,
	observations_digest TEXT    NOT NULL,
	created_at          INTEGER NOT NULL,
	verdict             TEXT    NOT NULL,
	statement           TEXT    NOT NULL,
	body                TEXT    NOT NULL, -- JSON
	PRIMARY KEY (tenant, incident_id, revision)
) STRICT;
INSERT INTO "analyses" VALUES('','f194f3c9065ae979e602bf811c9af0e5',1,0,'opened','1','b2cfacf82b7454f69613a3661b16299c0200ab2c78a3c06b3c076ff0025bb43a','33bc321317060c79134433af017f3c14680efdf1f503ef9d7e29344ec91ae849',1796011336483799067,'root_cause','one-nanoid threw AppError (session jxT2tKKGmFVMbskTiUpS8 expired)','{"incident_id":"f194f3c9065ae979e602bf811c9af0e5","revision":1,"reason":"opened","engine_version":"1","input_digest":"b2cfacf82b7454f69613a3661b16299c0200ab2c78a3c06b3c076ff0025bb43a","created_at":"2026-11-30T04:02:16.483799067Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","trigger":"none_found","statement":"one-nanoid threw AppError (session jxT2tKKGmFVMbskTiUpS8 expired)","evidence":["span:c52cdddab63ce54ce65199d6144a9cea/9e4830f96756ed50"],"confidence":0.8,"capped_by":[{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"}]},"critical_failure":{"service":"one-nanoid","operation":"POST /x","statement":"one-nanoid failed in POST /x","evidence":["span:c52cdddab63ce54ce65199d6144a9cea/9e4830f96756ed50"]},"impact":{"failing_traces":1,"outcome":"failed","services":["one-nanoid"],"entry_operations":["one-nanoid POST /x"]},"errors":1,"error_signals":2,"severity":"high","propagation":[],"candidates":[{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","score":0.8,"for":[{"statement":"one-nanoid threw AppError (session jxT2tKKGmFVMbskTiUpS8 expired)","evidence":["span:c52cdddab63ce54ce65199d6144a9cea/9e4830f96756ed50"]}]}],"findings":[{"id":"f1","statement":"one-nanoid threw AppError (session jxT2tKKGmFVMbskTiUpS8 expired)","evidence":["span:c52cdddab63ce54ce65199d6144a9cea/9e4830f96756ed50"],"author":"rules"},{"id":"f2","statement":"one-nanoid failed in POST /x","evidence":["span:c52cdddab63ce54ce65199d6144a9cea/9e4830f96756ed50"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: one-nanoid\n\none-nanoid threw AppError (session jxT2tKKGmFVMbskTiUpS8 expired).\n\nKind code, category code_exception, confidence 80 % (there is one failing trace and nothing to compare it with).\n\n## What is known\n\n- f1: one-nanoid threw AppError (session jxT2tKKGmFVMbskTiUpS8 expired)\n- f2: one-nanoid failed in POST /x\n\n## Next steps\n\n1. Open the cited code of one-nanoid and the input of the cited request.\n2. Check what changed there before the onset.\n","next_steps":["Open the cited code of one-nanoid and the input of the cited request.","Check what changed there before the onset."]}}');
INSERT INTO "analyses" VALUES('','56e81918d60fda1b58fb8953674e6e51',1,0,'opened','1','05a8b02a374f31370388e0ebea2b4092caaf0e3d4d99e95c69a6a51b4b9f87be','33bc321317060c79134433af017f3c14680efdf1f503ef9d7e29344ec91ae849',1796011336490057189,'root_cause','one-nanoid threw AppError (session 5labfsYIEmUTWEI8SvyUp expired)','{"incident_id":"56e81918d60fda1b58fb8953674e6e51","revision":1,"reason":"opened","engine_version":"1","input_digest":"05a8b02a374f31370388e0ebea2b4092caaf0e3d4d99e95c69a6a51b4b9f87be","created_at":"2026-11-30T04:02:16.490057189Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","trigger":"none_found","statement":"one-nanoid threw AppError (session 5labfsYIEmUTWEI8SvyUp expired)","evidence":["span:2e7b4cb67e8b808bc401ce2b8dd8b0f9/0cbe0f86fee0a8e4"],"confidence":0.8,"capped_by":[{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"}]},"critical_failure":{"service":"one-nanoid","operation":"POST /x","statement":"one-nanoid failed in POST /x","evidence":["span:2e7b4cb67e8b808bc401ce2b8dd8b0f9/0cbe0f86fee0a8e4"]},"impact":{"failing_traces":1,"outcome":"failed","services":["one-nanoid"],"entry_operations":["one-nanoid POST /x"]},"errors":1,"error_signals":2,"severity":"high","propagation":[],"candidates":[{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","score":0.8,"for":[{"statement":"one-nanoid threw AppError (session 5labfsYIEmUTWEI8SvyUp expired)","evidence":["span:2e7b4cb67e8b808bc401ce2b8dd8b0f9/0cbe0f86fee0a8e4"]}]}],"findings":[{"id":"f1","statement":"one-nanoid threw AppError (session 5labfsYIEmUTWEI8SvyUp expired)","evidence":["span:2e7b4cb67e8b808bc401ce2b8dd8b0f9/0cbe0f86fee0a8e4"],"author":"rules"},{"id":"f2","statement":"one-nanoid failed in POST /x","evidence":["span:2e7b4cb67e8b808bc401ce2b8dd8b0f9/0cbe0f86fee0a8e4"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: one-nanoid\n\none-nanoid threw AppError (session 5labfsYIEmUTWEI8SvyUp expired).\n\nKind code, category code_exception, confidence 80 % (there is one failing trace and nothing to compare it with).\n\n## What is known\n\n- f1: one-nanoid threw AppError (session 5labfsYIEmUTWEI8SvyUp expired)\n- f2: one-nanoid failed in POST /x\n\n## Next steps\n\n1. Open the cited code of one-nanoid and the input of the cited request.\n2. Check what changed there before the onset.\n","next_steps":["Open the cited code of one-nanoid and the input of the cited request.","Check what changed there before the onset."]}}');
INSERT INTO "analyses" VALUES('','d950353c543a8189ada15ff6e7ae844a',1,0,'opened','1','e0a1335c250fc62a9d5beafb82c0db8955eb394691c992fc379354afd47fa969','33bc321317060c79134433af017f3c14680efdf1f503ef9d7e29344ec91ae849',1796011336514085366,'root_cause','one-nanoid threw AppError (session FAwZqffKKNee7Tll8tJVF expired)','{"incident_id":"d950353c543a8189ada15ff6e7ae844a","revision":1,"reason":"opened","engine_version":"1","input_digest":"e0a1335c250fc62a9d5beafb82c0db8955eb394691c992fc379354afd47fa969","created_at":"2026-11-30T04:02:16.514085366Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","trigger":"none_found","statement":"one-nanoid threw AppError (session FAwZqffKKNee7Tll8tJVF expired)","evidence":["span:ec4c9a3af3fbe211658710eff14244a0/8e98727301d492ed"],"confidence":0.8,"capped_by":[{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"}]},"critical_failure":{"service":"one-nanoid","operation":"POST /x","statement":"one-nanoid failed in POST /x","evidence":["span:ec4c9a3af3fbe211658710eff14244a0/8e98727301d492ed"]},"impact":{"failing_traces":1,"outcome":"failed","services":["one-nanoid"],"entry_operations":["one-nanoid POST /x"]},"errors":1,"error_signals":2,"severity":"high","propagation":[],"candidates":[{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","score":0.8,"for":[{"statement":"one-nanoid threw AppError (session FAwZqffKKNee7Tll8tJVF expired)","evidence":["span:ec4c9a3af3fbe211658710eff14244a0/8e98727301d492ed"]}]}],"findings":[{"id":"f1","statement":"one-nanoid threw AppError (session FAwZqffKKNee7Tll8tJVF expired)","evidence":["span:ec4c9a3af3fbe211658710eff14244a0/8e98727301d492ed"],"author":"rules"},{"id":"f2","statement":"one-nanoid failed in POST /x","evidence":["span:ec4c9a3af3fbe211658710eff14244a0/8e98727301d492ed"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: one-nanoid\n\none-nanoid threw AppError (session FAwZqffKKNee7Tll8tJVF expired).\n\nKind code, category code_exception, confidence 80 % (there is one failing trace and nothing to compare it with).\n\n## What is known\n\n- f1: one-nanoid threw AppError (session FAwZqffKKNee7Tll8tJVF expired)\n- f2: one-nanoid failed in POST /x\n\n## Next steps\n\n1. Open the cited code of one-nanoid and the input of the cited request.\n2. Check what changed there before the onset.\n","next_steps":["Open the cited code of one-nanoid and the input of the cited request.","Check what changed there before the onset."]}}');
INSERT INTO "analyses" VALUES('','f828b071f674414c982e06259665975a',1,0,'opened','1','b9ad5415f640d45d553896e51fdd0851c5a0c5b1a4038321761752030e911b5f','33bc321317060c79134433af017f3c14680efdf1f503ef9d7e29344ec91ae849',1796011336516356404,'root_cause','one-nanoid threw AppError (session 31FTT97kNQhQ6ClOiIFiy expired)','{"incident_id":"f828b071f674414c982e06259665975a","revision":1,"reason":"opened","engine_version":"1","input_digest":"b9ad5415f640d45d553896e51fdd0851c5a0c5b1a4038321761752030e911b5f","created_at":"2026-11-30T04:02:16.516356404Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","trigger":"none_found","statement":"one-nanoid threw AppError (session 31FTT97kNQhQ6ClOiIFiy expired)","evidence":["span:299f1b462b545c16bb5548aa55993480/21ddd982ab727609"],"confidence":0.8,"capped_by":[{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"}]},"critical_failure":{"service":"one-nanoid","operation":"POST /x","statement":"one-nanoid failed in POST /x","evidence":["span:299f1b462b545c16bb5548aa55993480/21ddd982ab727609"]},"impact":{"failing_traces":1,"outcome":"failed","services":["one-nanoid"],"entry_operations":["one-nanoid POST /x"]},"errors":1,"error_signals":2,"severity":"high","propagation":[],"candidates":[{"kind":"code","service":"one-nanoid","component":"one-nanoid","operation":"POST /x","category":"code_exception","score":0.8,"for":[{"statement":"one-nanoid threw AppError (session 31FTT97kNQhQ6ClOiIFiy expired)","evidence":["span:299f1b462b545c16bb5548aa55993480/21ddd982ab727609"]}]}],"findings":[{"id":"f1","statement":"one-nanoid threw AppError (session 31FTT97kNQhQ6ClOiIFiy expired)","evidence":["span:299f1b462b545c16bb5548aa55993480/21ddd982ab727609"],"author":"rules"},{"id":"f2","statement":"one-nanoid failed in POST /x","evidence":["span:299f1b462b545c16bb5548aa55993480/21ddd982ab727609"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: one-nanoid\n\none-nanoid threw AppError (session 31FTT97kNQhQ6ClOiIFiy expired).\n\nKind code, category code_exception, confidence 80 % (there is one failing trace and nothing to compare it with).\n\n## What is known\n\n- f1: one-nanoid threw AppError (session 31FTT97kNQhQ6ClOiIFiy expired)\n- f2: one-nanoid failed in POST /x\n\n## Next steps\n\n1. Open the cited code of one-nanoid and the input of the cited request.\n2. Check what changed there before the onset.\n","next_steps":["Open the cited code of one-nanoid and the input of the cited request.","Check what changed there before the onset."]}}');
INSERT INTO "analyses" VALUES('','e6fa4e9f553559a6a9f6a3cfe873156c',1,0,'opened','1','82d30549cf2a6d5eb72bf67111fe3376a394716ad958775abb05da7a395cc8e1','dcf7daebcc93007589fac4b37ec8d98ac8bc46611a084ba438f57834e40fe845',1796011336534091658,'root_cause','log-worker-number reported an error (node worker1 left)','{"incident_id":"e6fa4e9f553559a6a9f6a3cfe873156c","revision":1,"reason":"opened","engine_version":"1","input_digest":"82d30549cf2a6d5eb72bf67111fe3376a394716ad958775abb05da7a395cc8e1","created_at":"2026-11-30T04:02:16.534091658Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"code","service":"log-worker-number","component":"log-worker-number","category":"unknown","trigger":"none_found","statement":"log-worker-number reported an error (node worker1 left)","evidence":["log:8c806765e0d84ca9b6918be105da77d8"],"confidence":0.6,"capped_by":[{"at":0.6,"reason":"there are logs only"},{"at":0.7,"reason":"no exception was recorded"},{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"}]},"critical_failure":{"service":"log-worker-number","statement":"log-worker-number failed","evidence":["log:8c806765e0d84ca9b6918be105da77d8"]},"impact":{"failing_traces":1,"outcome":"unknown","services":["log-worker-number"],"entry_operations":["log-worker-number "]},"errors":1,"error_signals":1,"severity":"medium","propagation":[],"candidates":[{"kind":"code","service":"log-worker-number","component":"log-worker-number","category":"unknown","score":0.6,"for":[{"statement":"log-worker-number reported an error (node worker1 left)","evidence":["log:8c806765e0d84ca9b6918be105da77d8"]}],"against":[{"statement":"no exception was recorded","evidence":["log:8c806765e0d84ca9b6918be105da77d8"]},{"statement":"there are logs only","evidence":["log:8c806765e0d84ca9b6918be105da77d8"]}]}],"findings":[{"id":"f1","statement":"log-worker-number reported an error (node worker1 left)","evidence":["log:8c806765e0d84ca9b6918be105da77d8"],"author":"rules"},{"id":"f2","statement":"log-worker-number failed","evidence":["log:8c806765e0d84ca9b6918be105da77d8"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: log-worker-number\n\nlog-worker-number reported an error (node worker1 left).\n\nKind code, category unknown, confidence 60 % (there are logs only).\n\n## What is known\n\n- f1: log-worker-number reported an error (node worker1 left)\n- f2: log-worker-number failed\n\n## Next steps\n\n1. Read the cited records of log-worker-number and what happened just before them.\n","next_steps":["Read the cited records of log-worker-number and what happened just before them."]}}');
INSERT INTO "analyses" VALUES('','91c55b5be5b700c2ab41c1a6885a3d2a',1,0,'opened','1','7282b492426e9fddf7fa640917a27ad9488fde8a86791877020c14d88165df56','dcf7daebcc93007589fac4b37ec8d98ac8bc46611a084ba438f57834e40fe845',1796011336536715320,'root_cause','log-worker-number reported an error (node worker2 left)','{"incident_id":"91c55b5be5b700c2ab41c1a6885a3d2a","revision":1,"reason":"opened","engine_version":"1","input_digest":"7282b492426e9fddf7fa640917a27ad9488fde8a86791877020c14d88165df56","created_at":"2026-11-30T04:02:16.53671532Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"code","service":"log-worker-number","component":"log-worker-number","category":"unknown","trigger":"none_found","statement":"log-worker-number reported an error (node worker2 left)","evidence":["log:8407d24be1adc20e7acddf272677e792"],"confidence":0.6,"capped_by":[{"at":0.6,"reason":"there are logs only"},{"at":0.7,"reason":"no exception was recorded"},{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"}]},"critical_failure":{"service":"log-worker-number","statement":"log-worker-number failed","evidence":["log:8407d24be1adc20e7acddf272677e792"]},"impact":{"failing_traces":1,"outcome":"unknown","services":["log-worker-number"],"entry_operations":["log-worker-number "]},"errors":1,"error_signals":1,"severity":"medium","propagation":[],"candidates":[{"kind":"code","service":"log-worker-number","component":"log-worker-number","category":"unknown","score":0.6,"for":[{"statement":"log-worker-number reported an error (node worker2 left)","evidence":["log:8407d24be1adc20e7acddf272677e792"]}],"against":[{"statement":"no exception was recorded","evidence":["log:8407d24be1adc20e7acddf272677e792"]},{"statement":"there are logs only","evidence":["log:8407d24be1adc20e7acddf272677e792"]}]}],"findings":[{"id":"f1","statement":"log-worker-number reported an error (node worker2 left)","evidence":["log:8407d24be1adc20e7acddf272677e792"],"author":"rules"},{"id":"f2","statement":"log-worker-number failed","evidence":["log:8407d24be1adc20e7acddf272677e792"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: log-worker-number\n\nlog-worker-number reported an error (node worker2 left).\n\nKind code, category unknown, confidence 60 % (there are logs only).\n\n## What is known\n\n- f1: log-worker-number reported an error (node worker2 left)\n- f2: log-worker-number failed\n\n## Next steps\n\n1. Read the cited records of log-worker-number and what happened just before them.\n","next_steps":["Read the cited records of log-worker-number and what happened just before them."]}}');
INSERT INTO "analyses" VALUES('','b3d09b9dfeb109b23cd55bd71faeff10',1,0,'opened','1','25f9a98ba176bc9c7d2e6689c20492788499038fdd48acee1148a00e6aaf8023','dcf7daebcc93007589fac4b37ec8d98ac8bc46611a084ba438f57834e40fe845',1796011336582336893,'root_cause','log-worker-number reported an error (node worker3 left)','{"incident_id":"b3d09b9dfeb109b23cd55bd71faeff10","revision":1,"reason":"opened","engine_version":"1","input_digest":"25f9a98ba176bc9c7d2e6689c20492788499038fdd48acee1148a00e6aaf8023","created_at":"2026-11-30T04:02:16.582336893Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"code","service":"log-worker-number","component":"log-worker-number","category":"unknown","trigger":"none_found","statement":"log-worker-number reported an error (node worker3 left)","evidence":["log:fd454204dff7a16c5b4e45456e63e02b"],"confidence":0.6,"capped_by":[{"at":0.6,"reason":"there are logs only"},{"at":0.7,"reason":"no exception was recorded"},{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"}]},"critical_failure":{"service":"log-worker-number","statement":"log-worker-number failed","evidence":["log:fd454204dff7a16c5b4e45456e63e02b"]},"impact":{"failing_traces":1,"outcome":"unknown","services":["log-worker-number"],"entry_operations":["log-worker-number "]},"errors":1,"error_signals":1,"severity":"medium","propagation":[],"candidates":[{"kind":"code","service":"log-worker-number","component":"log-worker-number","category":"unknown","score":0.6,"for":[{"statement":"log-worker-number reported an error (node worker3 left)","evidence":["log:fd454204dff7a16c5b4e45456e63e02b"]}],"against":[{"statement":"no exception was recorded","evidence":["log:fd454204dff7a16c5b4e45456e63e02b"]},{"statement":"there are logs only","evidence":["log:fd454204dff7a16c5b4e45456e63e02b"]}]}],"findings":[{"id":"f1","statement":"log-worker-number reported an error (node worker3 left)","evidence":["log:fd454204dff7a16c5b4e45456e63e02b"],"author":"rules"},{"id":"f2","statement":"log-worker-number failed","evidence":["log:fd454204dff7a16c5b4e45456e63e02b"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: log-worker-number\n\nlog-worker-number reported an error (node worker3 left).\n\nKind code, category unknown, confidence 60 % (there are logs only).\n\n## What is known\n\n- f1: log-worker-number reported an error (node worker3 left)\n- f2: log-worker-number failed\n\n## Next steps\n\n1. Read the cited records of log-worker-number and what happened just before them.\n","next_steps":["Read the cited records of log-worker-number and what happened just before them."]}}');
INSERT INTO "analyses" VALUES('','8849ea1351978b1819c944eb3e2d4205',1,0,'opened','1','117421802beb2b03b8bcb88fa9133af3436f1ffb7086c14bde0b61b513c1df85','a45e1aaf3e9d22732ef0f4b5e1e20d3adca3e75745a6c485eb743bd3c0d6b21e',1796011336588029836,'root_cause','accounts could not reach pg-main.internal (connection to server at "pg-main.internal" (10.9.0.4), port 5432 failed: Connection refused)','{"incident_id":"8849ea1351978b1819c944eb3e2d4205","revision":1,"reason":"opened","engine_version":"1","input_digest":"117421802beb2b03b8bcb88fa9133af3436f1ffb7086c14bde0b61b513c1df85","created_at":"2026-11-30T04:02:16.588029836Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"dependency","service":"accounts","component":"pg-main.internal","operation":"accounts","category":"dependency_unavailable","trigger":"external","statement":"accounts could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)","evidence":["span:6c8afb63f221522e89f2f987ea24e4e6/eb956fe5467a677f"],"confidence":0.8,"capped_by":[{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"},{"at":0.9,"reason":"the failure was seen from the caller''s side"}]},"critical_failure":{"service":"accounts","operation":"POST /login","statement":"accounts failed in POST /login because of it","evidence":["span:6c8afb63f221522e89f2f987ea24e4e6/ecdd38a81ecaf46c"]},"impact":{"failing_traces":1,"outcome":"failed","services":["accounts"],"entry_operations":["accounts POST /login"]},"errors":1,"error_signals":4,"severity":"high","propagation":[{"from":"pg-main.internal","to":"accounts","evidence":["span:6c8afb63f221522e89f2f987ea24e4e6/eb956fe5467a677f"]}],"candidates":[{"kind":"dependency","service":"accounts","component":"pg-main.internal","operation":"accounts","category":"dependency_unavailable","score":0.8,"for":[{"statement":"accounts could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)","evidence":["span:6c8afb63f221522e89f2f987ea24e4e6/eb956fe5467a677f"]}]}],"findings":[{"id":"f1","statement":"accounts could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)","evidence":["span:6c8afb63f221522e89f2f987ea24e4e6/eb956fe5467a677f"],"author":"rules"},{"id":"f2","statement":"accounts failed in POST /login because of it","evidence":["span:6c8afb63f221522e89f2f987ea24e4e6/ecdd38a81ecaf46c"],"author":"rules"},{"id":"f3","statement":"the failure reached accounts from pg-main.internal","evidence":["span:6c8afb63f221522e89f2f987ea24e4e6/eb956fe5467a677f"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: pg-main.internal\n\naccounts could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused).\n\nKind dependency, category dependency_unavailable, confidence 80 % (there is one failing trace and nothing to compare it with).\n\n## What is known\n\n- f1: accounts could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)\n- f2: accounts failed in POST /login because of it\n- f3: the failure reached accounts from pg-main.internal\n\n## Next steps\n\n1. Check from a host of accounts whether pg-main.internal accepts connections at the cited address.\n2. Check whether pg-main.internal runs, is registered and ready, and whether its address in accounts''s configuration is right.\n","next_steps":["Check from a host of accounts whether pg-main.internal accepts connections at the cited address.","Check whether pg-main.internal runs, is registered and ready, and whether its address in accounts''s configuration is right."]}}');
INSERT INTO "analyses" VALUES('','d282be4fcffa95b079ed1c12a12dc847',1,0,'opened','1','d9dbb9c0be018b4a69f0688e5c36d13d14853766498b93f82192a1fc23053e2b','2f1edec77ec0ff254dc2a66ff44ee26b0c088cf1443010a96bbba24e37ee8b39',1796011336617175103,'root_cause','catalog could not reach pg-main.internal (connection to server at "pg-main.internal" (10.9.0.4), port 5432 failed: Connection refused)','{"incident_id":"d282be4fcffa95b079ed1c12a12dc847","revision":1,"reason":"opened","engine_version":"1","input_digest":"d9dbb9c0be018b4a69f0688e5c36d13d14853766498b93f82192a1fc23053e2b","created_at":"2026-11-30T04:02:16.617175103Z","provisional":false,"verdict":"root_cause","root_cause":{"kind":"dependency","service":"catalog","component":"pg-main.internal","operation":"connect","category":"dependency_unavailable","trigger":"external","statement":"catalog could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)","evidence":["span:cc152728e7d0fb325fb1974fc4224562/55520ca0aa2387ba"],"confidence":0.8,"capped_by":[{"at":0.8,"reason":"there is one failing trace and nothing to compare it with"},{"at":0.9,"reason":"the failure was seen from the caller''s side"}]},"critical_failure":{"service":"catalog","operation":"POST /products","statement":"catalog failed in POST /products because of it","evidence":["span:cc152728e7d0fb325fb1974fc4224562/15ea161b8a036a7b"]},"impact":{"failing_traces":1,"outcome":"failed","services":["catalog"],"entry_operations":["catalog POST /products"]},"errors":1,"error_signals":4,"severity":"high","propagation":[{"from":"pg-main.internal","to":"catalog","evidence":["span:cc152728e7d0fb325fb1974fc4224562/55520ca0aa2387ba"]}],"candidates":[{"kind":"dependency","service":"catalog","component":"pg-main.internal","operation":"connect","category":"dependency_unavailable","score":0.8,"for":[{"statement":"catalog could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)","evidence":["span:cc152728e7d0fb325fb1974fc4224562/55520ca0aa2387ba"]}]}],"findings":[{"id":"f1","statement":"catalog could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)","evidence":["span:cc152728e7d0fb325fb1974fc4224562/55520ca0aa2387ba"],"author":"rules"},{"id":"f2","statement":"catalog failed in POST /products because of it","evidence":["span:cc152728e7d0fb325fb1974fc4224562/15ea161b8a036a7b"],"author":"rules"},{"id":"f3","statement":"the failure reached catalog from pg-main.internal","evidence":["span:cc152728e7d0fb325fb1974fc4224562/55520ca0aa2387ba"],"author":"rules"}],"suspected_changes":[],"gaps":[],"narrative":{"author":"rules","markdown":"## Root cause: pg-main.internal\n\ncatalog could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused).\n\nKind dependency, category dependency_unavailable, confidence 80 % (there is one failing trace and nothing to compare it with).\n\n## What is known\n\n- f1: catalog could not reach pg-main.internal (connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused)\n- f2: catalog failed in POST /products because of it\n- f3: the failure reached catalog from pg-main.internal\n\n## Next steps\n\n1. Check from a host of catalog whether pg-main.internal accepts connections at the cited address.\n2. Check whether pg-main.internal runs, is registered and ready, and whether its address in catalog''s configuration is right.\n","next_steps":["Check from a host of catalog whether pg-main.internal accepts connections at the cited address.","Check whether pg-main.internal runs, is registered and ready, and whether its address in catalog''s configuration is right."]}}');
CREATE TABLE cases (
	tenant TEXT    NOT NULL,
	digest TEXT    NOT NULL,
	size   INTEGER NOT NULL, -- bytes, uncompressed
	zstd   BLOB    NOT NULL,
	PRIMARY KEY (tenant, digest)
) STRICT;
INSERT INTO "cases" VALUES('','b2cfacf82b7454f69613a3661b16299c0200ab2c78a3c06b3c076ff0025bb43a',1169,X'28B52FFD649103951300326B7A25106DAA000201357E2136B33E19E9125B09215E7728F709A07A10044187F7502F220000004059C6D6A96EB775BAA35DC5521A3ADB6D12DBF4ED16BC536DD7566BDF1AAB544F0AA54DB5294D52D8026ECD6EF691DA24157DE44DC2DBEBB66B4F756DA7BAB9BE764EED5403B4D69636D5B65498756A379262553B354E67F50B1DEC1409D5153CC56E795CC1AEDD98BC57BFECB2C9E33FE42B8A4A21EC1859F358BE797CA1FD553F6DD3B363648C8C91652C6FE755F146D0703D4C07C87528401C58080909CD385448345AE7BDBFFCF80F78EF2DC7B65A6B705D05FCF897A417D763C5A15BB39B3E727699A23C8B5F5AAFCB8FDF58752C2BD5B7167D8F4DDC2EAE6EEAB2C6C6C51AF68D243D3BC5611427929CA56196655120295A1EB7857DD9318F259D10765C31D01C1A16181C379ADEC28B1D2B8F3CF4449034290D817329E3EB82578D975D9631ADB32326ABBD68B53342BF687A4B52ABEB921DCB5929A402A7951FDF8274F13823F697278FEF1B734CDB0D79F2F8D162F5DEB263A66196268A2E41F171C8459208A606621CC93CCCD228115E0AAF2B67E311DA66C7F051828EB340529296077A749EC70672402965649EC88F2587F024E2F183CE6AC2891DC3083277385F1E3D8D1423279250131BC991248C8A63E1C7B75843FA98B7D1B55A76CC8F9B42FAE64932004005B9D9F297B86B8B20703383E916B9811D28AED63A78B408E67B069C95979A240815A4B1448C9C5126FFF78AC765F031ADB61028644806AF3203FA69A2A730CD6390DBAB542B0714F7628734EFE0BD704C6A82876906A8C301E606CC4A9B04E1A060D273368C49F3E846851D56BAE6BC50678F41845369EB4BBBAA62C970E93F3EEA0C811BBB45');
INSERT INTO "cases" VALUES('','05a8b02a374f31370388e0ebea2b4092caaf0e3d4d99e95c69a6a51b4b9f87be',1169,X'28B52FFD6491038D1300322B7A24106DAA000201357EE12E768B8796CD4168D04727AE107B68518D6257EFA15E4400000080D7C5D5A766B7543AC4AEABDC3225BB0C627B9EBD8257A2EC5A6AED595B746A29E198449963714216F04A36B37F5006A1E61F6711DED6CBAEFDD4947D6AD6FA5A29B14F0DC0184B984459425996A1BD3CAEA256727C4AEA1742DC1C646A0A7EE2963CA660D37644DEA95F6E57E4F11FE229093A21B8352EE6713CF3F842FB4A2F6DCF736B5C8DAB715D1C6F659D38AB0B9047826350C0A0B0501518345C098254C32695F7FEF2E33FC07B5F35B6D4DA825A09F8F12BA415F5D1C417AF64F7FCE3DC2EE71AC5EFA4F5F2E3B7451B473AF52B45DF5B11B78ADA3D3DD2C871AD867D19719E9B6314C7301E2649942449DCE261248FDBC2BEDC94C7714A086E3C31C014120E101A3B7ADEC2CA8D993BD0FDD2C291DCA1C85D5C2BAC34BADCAE8B27951D5991DA3AA9958F7945CF57104AD5476E1C259D700A7C527EFC0A4EC523F9B0BF1C797CDF16246D37E4C8E347D6A2F7961B2B4B022D9A8711A1D4288F13454F1219294918927BE2A22C77C27AA3743C82B6B9F12339C889D1819447896322C8710EE49CB1802206625CE1C7904370C4E1F1C394948412374E94265AA2E6591691C2582C4D233D71691EA751E21749B3F0E35BABE17C90D7D1945A6ECC8F7BC2F9E64832004005B9D9F297B86B8B20703383E916B9811D28AED63A78B408E67B069C95979A240815A4B1448C9C5126FFF78AC765F031ADB61028644806AF3203FA69A2A730CD6390DBAB542B0714F7628734EFE0BD704C6A82876906A8C301E606CC4A9B04E1A060D273368C49F3E846851D56BAE6BC50678F41845369EB4BBBAA62C970E93F3EEA0C00A960DE');
INSERT INTO "cases" VALUES('','e0a1335c250fc62a9d5beafb82c0db8955eb394691c992fc379354afd47fa969',1169,X'28B52FFD649103A5130042EB7A25206D2C0048F0507FA16DA0130EF124196934838E4F0F436B031968420AEA03BC1A20087017D7C5D4A566B7551EC2AEA3DC4227BB4C629B9E9D825756766DB5F6ACAD2AF5A4704C56E658A490059C9ACDEC23954926FAC85984B7D565D75EEACA2E356B7DED94EC520330C614262B5326CB32B597C751D5CAC7E99C7E21849B93483DC14BDC148827D8B51F13E8D32FB76B02F123E2278A4A25B839AE0771FC34A1BCD0BEAA9FB6E9B9392EC7E5B82E8EB7B3AA38337038E8C63435387F02028294130F1404068CD679EF2F43FC0878EFA9C6B65A5B5055040CF12B492FAA47156F4ECD6EFAC8B95DCE3116BFB45697217E5BB571AC529F5AF4BD3571BBA8BAA5C71A3DAED5B0AF13E9B939E639C6791885F1144571CDE32810B7857DB93D88239D12DCB862803530282C347E34BD8515378E7F0F1315B738CF693C6F5C5C55B0AAD1E5765D4CEBECC88AD556B4DA19A15F343D25A953F5C88DE3AC145281D3CA109F8274F16846EC2F4F20BE6F0B326D37E409C48FAC55EF2D37863CA7F140DE231BD171CD0319D069E4B24019351E23721A97C2EAC6F978046D73630719E6318A94778AD360348AF20E918B840B7C22263A432CB9044F20208EA0739A50726366511CA6891CA679249F730B84A1342F2ECF798F719A8721BEB51AD288791F5DABE5C60C715348DF3C0932004005B9D9F297B86B8B20703383E916B9811D28AED63A78B408E67B069C95979A240815A461890C59DA93FF6DE171197C4CAB2D040A1992C1ABCC807E9AE8294CF318E4F62AD5CA01C5BDD821CD3B782F1C939AE0619A01EA7080B901B3D22641382898F49C0D63D23CBA51618795AE392FD4D96310E154DAFAD2AEAA58325CFA8F8F3A038E63ADA4');
INSERT INTO "cases" VALUES('','b9ad5415f640d45d553896e51fdd0851c5a0c5b1a4038321761752030e911b5f',1169,X'28B52FFD6491038D1300D2AA7925106DAA000201357E2136FBA51A9EC951DDF5D097EE501C100421905DBD877A11010000000259C6D6A96EB7757AD4EEB3DE82CE761BC4367DBB15EF54DBB5D5DAB7C62AD553E2B5A9B6D7248D2DE0D6EC66FFA80D52D13FDE64BCBD6EBBF654D776AA9BEB6BE7D44E35406B0DB6A936586156A9BD789E55EDD4389DD56F8CD83D08D5553C55C5AEDD8840AF7ED9651188EF90AF242A8560C7C820C4F210E21BEDAFFA699B9E1D2363648C2C63793BAF8937C83C40980A5501C340312440348F83C3015C345AE7BDBF0CF11DF1DE5B8E6DB5D6E0BA0818E25F90565C9726CEDC9ADDF48FB3CBDE5B14BFB45E97217E63D5B1AC54DF52F43D1671ABB8BAA9CB2A352ED6B16F23E9D93D25794AF328B04920848F791A0871DBD8975D02B1A413821D4F0C3487068505C78DA6B7F162C7CF639AA48962E23C524A98F175C5AB4A975D9631ADB3254C567BD16AE7835ED1F416A456D7253B96B3D248054E2B437C2B52C5A5F9B0BF1C81F8BEB168DAEEC811882F59ACDE5B760CDF4C51BE4671E2726649A2295992688A1287691447692E8DD795B37129DA66C7CF5116CFB32C313ACAB2441103A54559A2845122383D4FC210430EC19107881D7456334EECB89112657A4D949C85F37EF82681727AB3C02F0BF38721BEC53A52C7BC8DAED5B26386B869A46F8E0433004005B9D9F297B86B8B20703383E916B9811D28AED63A78B408E67B069C95574D325EDD225410CC12315C4619FADF0B1E97C1C7B4DA42A0902119BCCA0CE8A7899EC2348F416EAF52AD1C50DC8B1DD2BC83F7C231A9091EA619A00E07981B302B6D1284838249CFD93026ADA31B15365BE99AF3429D3D06114EA5AD2FEDAA8A25C3A5FFF8A833FA94C8F0');
INSERT INTO "cases" VALUES('','82d30549cf2a6d5eb72bf67111fe3376a394716ad958775abb05da7a395cc8e1',852,X'28B52FFD440054027D0F00A223642240699D00B94E632751186175A9E9B2AB467D55763E8FA68E50BD306E4EA98EA2085C55A5D19F5EE775CEACC922769071CD4571CBAF476F3ABB262FF3574FFB745460CBD9C516946F053C8ABDF88C5D1424CFF882EF2CCD35F94FEFFAD3EBE8C9D1597F1A60ADD596B3ABA9D343136F1F16162D3B8ACB087D3E460F463D0DBD3F7A34A7D0EB6D45C31DFAD4A36A38FD021E525899A00742C59CC233A7F3F1A57DE496D703A142A8B49D43ABADC395EA9482CBE8A10605060604EAB417DE8AA439A53AF2199F2CA18067F027B37A308481219205D196A5B5C69025694E1FC5964F9A954AD293B6997A5495CA8DDD4C705992CB91213FD0F211B59074A887F299689202FC045E0581C542EAF4D193036F22833FB5E174BE272672F7D386D3373CED3CEBA10A4C920713AC9D51DA8230CB6B100A644F2009C29446998B856054E8A1CB82680C4F4938EF60689A974858C330C4D01C7CF3B8E5A44EA92768E3C0E94246283E470F7D06A82C0D021E5A83ED9D61180459A0A3B0E41D14962CEAF43CF5938B3815BDCB7AA83A6DF9E45B1B012200400581D9F297B86B8B20703383ED23991A5A158FD2029C2164E5A526090584344E7664EE9DDC9A8B02D240DC0485D81A15EBC0ABC581B11939E6A680683C3A09D4B43C34488566A886165539935FE468CE12D8C88E71F0D22A33F7F1E69D');
INSERT INTO "cases" VALUES('','7282b492426e9fddf7fa640917a27ad9488fde8a86791877020c14d88165df56',852,X'28B52FFD440054027D0F00A2236422406BAB00781447A4099B5BF4A1EEAF2140012555C6292B0A3458624DF0B22B8A626E51A4CF179DCEDB7C49733DEB20639AC9C12D9FFEBCD96C9ABCCC4FCDD8454786959A4D2B41F952C09FD889DFD8E470E41B4FF09DA199267FD19BBEE8A47A726CD2170D905262A9D9C4D4E91D066F27CA7A961BC565743EDFA26A3916EDBC2F5431A7CEEB6DC5C3DDF954153D9C5E01DE6158B9A02A215A4EE197D3F9F8D03E72CBAB4A881222EDE64E42D2E14A75EA80BBA8D2038383830275DA0D6F45634E1D1DF98DCF8550C037F87359552B4156D29484B18530B6124A634EFFC4960F9A9142D0839699AAA248E5C66618701992CBB1213FD0F28F631DE85095F297872105F80BBC0C020AEBA8D33F4F0E9C890DFED487D3F9662C91BB9F3E9C9E61C6CEB32A4594F6D61248431A0899D7BE10063EF62541605B09C154580746852A655AA2814C6B1602A8C085350AD3240449D21C3CF3B825439D3ABEA00F04A70A323AF135AA94214B51E021C10E4C63907640340482400E0F71485602C19E3A3D33FA49853815BDCBAA549DB67CF2AD8F2200400581D9F297B86B8B20703383ED23991A5A158FD2029C2164E5A526090584344E7664EE9DDC9A8B02D240DC0485D81A15EBC0ABC581B11939E6A680683C3A09D4B43C34488566A886165539935FE468CE12D8C88E71F0D22A33ACBBF2DE');
INSERT INTO "cases" VALUES('','25f9a98ba176bc9c7d2e6689c20492788499038fdd48acee1148a00e6aaf8023',852,X'28B52FFD440054027D0F005263632240692C005818457C51F6217A2DC697220E377245BE5D84910A1BD01977FFE8A52F1CD3B4D09D56A71CCFA8CA2066985255C5A03DAF0EBD1A5955CA945EB5C44E4B05A6222BA6E07C2AE0906C45BF60C578E61757F09D4655557AA759DD69B5BA5219D59D06504A3515593D12E546100C621A139FF2797DCC2EC670FA79777635B7CF6BEE44C3FD79DD3535DC5E01FF28F04CD8853031B7F0CC6D7DF4115FD29EDF8530214CDBF18F32A8439EEB960199D9B50605060604EBB617DE89A5B965B4A45FBCB22401BFA0AF0CEF62C8C190058134033B5A630A62696E0FC99E2FAAD346D18BB8A9BBA66927CB6E24C8349A4CE5627EA0E721063FD1E1AEA56720690AD02750561050F0B36E0FBD39F0462EE8EB36DCD6B7C448DAFDB6E1F60D95B89EEE5AE6603728571224418E3049A3B4B7C40811762009026355F0036562D7B29730EFC5E30099F210CB72B861698D790EBE79B4A7B46E194FD8C6815BC5948F7C71D7C6A6348D72385A3B2087C23491292D3E320569876441B4757B2AF59B0A5913CD4C77EDBAEDF9E67B1B012300400581D9F297B86B8B20703383F511093349EB8656EDA3340B67085979A9494201218D931D997B27B7E6A2803410374121B646C53AF06A71606C468EB929201A8F4E02352D0F0D52A119AAA14555CEE417399AB30436B2631CBCB4CA0CAB878724');
INSERT INTO "cases" VALUES('','117421802beb2b03b8bcb88fa9133af3436f1ffb7086c14bde0b61b513c1df85',3342,X'28B52FFD640E0C8D20001A45200C26100DAB071E15748475C260772136DD746D13C732AB3A3F28ACAA1BA56D51F1B824220000C041B500B600BD008CC90FF7F4AEC95F7528A27A30E8B7D5553F3376191F5E91A4D3258D0BEFE3BD2D86AC6647CCB8BE5F12C2C70FB7F5FC681817B42B2F3C5CFB2F28D2FFC70B0F37A497AC4D99B1C22C0C9334D4B4639CE2201293480B73800AD4A06EAFABBF59A39868F8E83363A6955690D787C69110C9691A4116872052C240D26B20C30F335AC10B0C1E9E3C56F149CC58420E0B9274D2449D2CCD494C9320B021E328F0254AE4F8E1A6D73F9F624DBC949419F3C3EFCFFB792174C03E5157F1498B24CAB24FE55CA6A01CED708EE6129611D573DAEFF1F0F82C00D364C4FE5BDA0BDA75E56FBB4B586B5B8CA9A49440F55CC67FB4E781A356F1AF038A0E39F97310F1C33D197FCC8611BA398DD256FCF75E34B3466B0B3FDC7F49CA3892D4B775CC7FAA230913F5FAF7757191373306690ECE254E4390C4B9C63807F7F0D3F79519F270E451C18C3D4EB232AC82040710304EBC377D93194346911E6CD7BC268922D80D9EFFD494B0326B34D825F501D17BCA056AB8344842DA7B4D739AF290838307A81DA775E31A6B3468341E4728788D12121B60DD254C243E7A4C240CC8342564D469A83D3D057C13407FAC06E78EC400C5CA40EBA5E0022866C2F774D487ED009207EDBA60032CED7AEDEE3A623D2E43DCB6C76A192318F3A8103A2E0C86399F8111DB552CB0EB8847E1EBABB6AA1EDCF7864DF7ABB41256011FD4F05105FCB002BEAF8E10501781010382010A7672F836F2B75F25B5FFA85F973B7974BF6853BFD5C0231C1175BDA40E8D065B4DFD369552435B9BD5128F5B9741DF7BDB7A55925BA9A4B4F72F497D84D05692DB14DA8ABFB417721995F7A2377A4D67DD4A9B7AC9BED2286D539FB03B79742BC9AD2E2A7F719A25A994688F55D707316B0CEAABD754F55E7E62E1E1AA2BB3C6C2C33D455D4190AE60D6A0E11E8EDA3D5C6547FADECC1A341A20099228CBC34FE5A4DDF3F8762862C6D583DA74FA2A273F6CF557463DA028695C6B9C6B12E97060DE8151969698C5818EF7B62EFAD5035F2040423048554D1D2082ECBCFCC5771552F9233BB791B6741B9290D0F41427064C35C06FC8F1A8083EE20C9DD9BC8AC9F86EF99DC8D81B19C3729CFC1F579C8709C5D87BA8AA8C56E1404316F3ED50E1FCD0A019072719024E82BFB392594AB2C596100D6E34032CD79EFD9F461EA23E7B10932500E8524390AB1E48ECE54523C54630017DEB20D38D3568F4D4B8EB850DD2F15F1CF864E83B00F22D5F46627CDCF3CBC9B4510BE7ED2F135E502773B4E8A9DAD8F901C1318CEF173AF983E8AAA96E610DC9C078A7BD526C0B2B764839068FF0C2E58285148E1D9877E6559721B1F05E60EB72189B608FF6AC60B0F1F31401076A900258C848FFCD6AC492BEF41F1F750605833DB7');
INSERT INTO "cases" VALUES('','d9dbb9c0be018b4a69f0688e5c36d13d14853766498b93f82192a1fc23053e2b',2418,X'28B52FFD6472085D1B00823AA323106F3486F062DF1612F404DA97596A46EDE2051B8C508A00624B32DCE45C01000080E255D59243BF1CDFC79D959BD4145B575E11FCD6974B323F77657C31F6F5D485BE56B4F5DCD5025CAABFB043EE8A44D621BEA8743CE595B1437FD9675C9FE5D003ACF5B0D5ADE72ED7B13DA2F07DD868D2C58FC36D8D3C4BA7598B401F498722F9F71D17B123CFCDAA8BD8FEA01E555C3BD14CA272B1A9BBD819FB74BDE2B7DE4CA292784A3F65811DFBF19DB0FB94BC5B8736EB88223B7E7CBE53C796FC7324270E5518AE319C6328D26918CA93B2C9D91E84108121467BEBCBB72E51F8B34D88F1C1FAB4B0348ED2DE7BAFB13C653A90211709E5F3340F32F4611856495455DB0882BC181206180C1ED6C34EB9A895EBF385D64BE897BDEB61ABB51476E8574EF8081B413D538FE3B522F5A8CA673D6581EBF19D160B5892963492E600564744D2627F5B135BA524F0983A62BD5CD821D8F3BABF66CE2EB1A60EE51A39F2F3C15F05B7F61AC448F19DDEE090FAB3A063FB14F964F269E1ADC1585CAAFFD621DEAC6A0D766C7FEA62D6F442EF5232FD434EEF7464EAE567E8A8F566CC6334CE298D069FE25C631A8D8BFD587E6EF662535B279A751E580F0E0B0CAC1D6F1DCBA9593B8D649426198E639C74E8AA9EFEA1E9CEDCACAA3AE250B863FB43520F2BA36482E62482DF258FFC9BB5BDF527452F9EECC515623D79EB52E44693D366FDB8917C393BB64BD2263E2B047BEE8BD8D99F722AFE977D11DB27A66E762C5DE381B22D933A746114E8703A74CDCDA6294B93D9CA29D3EAF029F137EBC7C0E5BD653E4BD370CE039FE23C8D36CE78CD836ECE8E1DF189BE8088FDB035AAF269D60A6379206D1AC8504A27F3C0E7CFF9A474914D9BCDEBD88EA997F651B3E3EFC5CDBA63BF95D6BF2F025220502218A58ACA002082F8B0FC657715A3B25E9CB36B2DDD82045F6D4F2C7100711C0F8A206ACFE01FE55523E3DF2D233019A3D531F46752D85DB16429D01B8114CE8187C980AD0D1EE42A2E214D1A71B034106812FCB4EA8DDD20F682631A079D81975BCFF00F294A18C8001242C0D82480E9353F23D955131A10D317321971B0E82CDAD0F1D9A0270C79CDA63BB27E5B2BD79D6661909401724E93A518166EE810740E4EED22EA028EE31C37F04F99574D86C4C24381D9E3C5860C6392E6F946940E2B7B1C10E8D6002076BD5CC5DFF12FAF1740EED27F7CD4193989BAE6');
CREATE TABLE changes_20261130 (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	id          TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	time        INTEGER NOT NULL,
	service     TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	version     TEXT    NOT NULL,
	title       TEXT    NOT NULL,
	url         TEXT    NOT NULL,
	attributes  TEXT    NOT NULL -- JSON
) STRICT;
CREATE TABLE changes_20261201 (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	id          TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	time        INTEGER NOT NULL,
	service     TEXT    NOT NULL,
	kind        TEXT    NOT NULL,
	version     TEXT    NOT NULL,
	title       TEXT    NOT NULL,
	url         TEXT    NOT NULL,
	attributes  TEXT    NOT NULL -- JSON
) STRICT;
CREATE TABLE day_tables (
	day      TEXT    NOT NULL,
	kind     TEXT    NOT NULL,
	rows     INTEGER NOT NULL DEFAULT 0,
	min_time INTEGER,
	max_time INTEGER,
	PRIMARY KEY (day, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO "day_tables" VALUES('20261130','changes',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261130','error_signals',19,1796011121169740240,1796011325153117826);
INSERT INTO "day_tables" VALUES('20261130','logs',3,1796011199149740240,1796011203149740240);
INSERT INTO "day_tables" VALUES('20261130','points',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261130','resources',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261130','scopes',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261130','spans',8,1796011121149740240,1796011325098118018);
INSERT INTO "day_tables" VALUES('20261201','changes',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261201','error_signals',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261201','logs',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261201','points',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261201','resources',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261201','scopes',0,NULL,NULL);
INSERT INTO "day_tables" VALUES('20261201','spans',0,NULL,NULL);
CREATE TABLE error_signals_20261130 (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	key         TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	kind        TEXT    NOT NULL,
	ref         TEXT    NOT NULL,
	time        INTEGER NOT NULL, -- event time, 0 for none
	ordinal     INTEGER NOT NULL  -- among equal ones of one request
) STRICT;
INSERT INTO "error_signals_20261130" VALUES(4,'','2e7b4cb67e8b808bc401ce2b8dd8b0f9',1796011330370144908,'span','span:2e7b4cb67e8b808bc401ce2b8dd8b0f9/0cbe0f86fee0a8e4',1796011121179740240,0);
INSERT INTO "error_signals_20261130" VALUES(5,'','2e7b4cb67e8b808bc401ce2b8dd8b0f9',1796011330370144908,'event','span:2e7b4cb67e8b808bc401ce2b8dd8b0f9/0cbe0f86fee0a8e4',1796011121169740240,0);
INSERT INTO "error_signals_20261130" VALUES(7,'','c52cdddab63ce54ce65199d6144a9cea',1796011330371762868,'span','span:c52cdddab63ce54ce65199d6144a9cea/9e4830f96756ed50',1796011123179740240,0);
INSERT INTO "error_signals_20261130" VALUES(8,'','c52cdddab63ce54ce65199d6144a9cea',1796011330371762868,'event','span:c52cdddab63ce54ce65199d6144a9cea/9e4830f96756ed50',1796011123169740240,0);
INSERT INTO "error_signals_20261130" VALUES(10,'','ec4c9a3af3fbe211658710eff14244a0',1796011330372690002,'span','span:ec4c9a3af3fbe211658710eff14244a0/8e98727301d492ed',1796011125179740240,0);
INSERT INTO "error_signals_20261130" VALUES(11,'','ec4c9a3af3fbe211658710eff14244a0',1796011330372690002,'event','span:ec4c9a3af3fbe211658710eff14244a0/8e98727301d492ed',1796011125169740240,0);
INSERT INTO "error_signals_20261130" VALUES(13,'','299f1b462b545c16bb5548aa55993480',1796011330373653952,'span','span:299f1b462b545c16bb5548aa55993480/21ddd982ab727609',1796011127179740240,0);
INSERT INTO "error_signals_20261130" VALUES(14,'','299f1b462b545c16bb5548aa55993480',1796011330373653952,'event','span:299f1b462b545c16bb5548aa55993480/21ddd982ab727609',1796011127169740240,0);
INSERT INTO "error_signals_20261130" VALUES(17,'','untraced:1260bc075acc23af58a2c499',1796011330374495891,'log','log:8c806765e0d84ca9b6918be105da77d8',1796011199149740240,0);
INSERT INTO "error_signals_20261130" VALUES(19,'','untraced:74484fc9f1bd9d8bf7cdf67c',1796011330375374524,'log','log:8407d24be1adc20e7acddf272677e792',1796011201149740240,0);
INSERT INTO "error_signals_20261130" VALUES(21,'','untraced:ab1173e8779a60d82faab5a0',1796011330376195151,'log','log:fd454204dff7a16c5b4e45456e63e02b',1796011203149740240,0);
INSERT INTO "error_signals_20261130" VALUES(27,'','6c8afb63f221522e89f2f987ea24e4e6',1796011330377147473,'span','span:6c8afb63f221522e89f2f987ea24e4e6/ecdd38a81ecaf46c',1796011322153117826,0);
INSERT INTO "error_signals_20261130" VALUES(28,'','6c8afb63f221522e89f2f987ea24e4e6',1796011330377147473,'event','span:6c8afb63f221522e89f2f987ea24e4e6/ecdd38a81ecaf46c',1796011322148117890,0);
INSERT INTO "error_signals_20261130" VALUES(29,'','6c8afb63f221522e89f2f987ea24e4e6',1796011330377147473,'span','span:6c8afb63f221522e89f2f987ea24e4e6/eb956fe5467a677f',1796011322133117826,0);
INSERT INTO "error_signals_20261130" VALUES(30,'','6c8afb63f221522e89f2f987ea24e4e6',1796011330377147473,'event','span:6c8afb63f221522e89f2f987ea24e4e6/eb956fe5467a677f',1796011322132117890,0);
INSERT INTO "error_signals_20261130" VALUES(35,'','cc152728e7d0fb325fb1974fc4224562',1796011330378457086,'span','span:cc152728e7d0fb325fb1974fc4224562/15ea161b8a036a7b',1796011325153117826,0);
INSERT INTO "error_signals_20261130" VALUES(36,'','cc152728e7d0fb325fb1974fc4224562',1796011330378457086,'event','span:cc152728e7d0fb325fb1974fc4224562/15ea161b8a036a7b',1796011325148117890,0);
INSERT INTO "error_signals_20261130" VALUES(37,'','cc152728e7d0fb325fb1974fc4224562',1796011330378457086,'span','span:cc152728e7d0fb325fb1974fc4224562/55520ca0aa2387ba',1796011325133117826,0);
INSERT INTO "error_signals_20261130" VALUES(38,'','cc152728e7d0fb325fb1974fc4224562',1796011330378457086,'event','span:cc152728e7d0fb325fb1974fc4224562/55520ca0aa2387ba',1796011325132117890,0);
CREATE TABLE error_signals_20261201 (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	key         TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	kind        TEXT    NOT NULL,
	ref         TEXT    NOT NULL,
	time        INTEGER NOT NULL, -- event time, 0 for none
	ordinal     INTEGER NOT NULL  -- among equal ones of one request
) STRICT;
CREATE TABLE failures (
	tenant          TEXT    NOT NULL,
	key             TEXT    NOT NULL,
	trace_id        TEXT    NOT NULL,
	state           TEXT    NOT NULL CHECK (state IN ('waiting', 'classified', 'dismissed')),
	reason          TEXT    NOT NULL DEFAULT '',
	outcome         TEXT    NOT NULL DEFAULT '',
	entry_service   TEXT    NOT NULL DEFAULT '',
	entry_operation TEXT    NOT NULL DEFAULT '',
	first_error     INTEGER NOT NULL, -- event time
	last_error      INTEGER NOT NULL, -- event time
	error_signals   INTEGER NOT NULL,
	first_received  INTEGER NOT NULL, -- of its error signals
	last_received   INTEGER NOT NULL, -- of its error signals
	last_record     INTEGER NOT NULL, -- receipt of the newest record of its trace
	waiting_since   INTEGER NOT NULL,
	moved_at        INTEGER,          -- receipt of the first record since it was claimed
	due_at          INTEGER NOT NULL DEFAULT 0,
	urgent          INTEGER NOT NULL DEFAULT 0,
	version         INTEGER NOT NULL DEFAULT 1,
	attempts        INTEGER NOT NULL DEFAULT 0,
	lease_owner     TEXT    NOT NULL DEFAULT '',
	lease_until     INTEGER NOT NULL DEFAULT 0,
	missing_parent  INTEGER NOT NULL DEFAULT 0,
	late_until      INTEGER NOT NULL DEFAULT 0, records TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (tenant, key)
) STRICT, WITHOUT ROWID;
INSERT INTO "failures" VALUES('','299f1b462b545c16bb5548aa55993480','299f1b462b545c16bb5548aa55993480','classified','','failed','one-nanoid','POST /x',1796011127169740240,1796011127179740240,2,1796011330373653952,1796011330373653952,1796011330373653952,1796011330373653952,NULL,0,0,1,0,'',0,0,1796011930373653952,'437b9002f3b175cecb9241b75d5b6613c126a386d08351dfd951fee69e0b0578');
INSERT INTO "failures" VALUES('','2e7b4cb67e8b808bc401ce2b8dd8b0f9','2e7b4cb67e8b808bc401ce2b8dd8b0f9','classified','','failed','one-nanoid','POST /x',1796011121169740240,1796011121179740240,2,1796011330370144908,1796011330370144908,1796011330370144908,1796011330370144908,NULL,0,0,1,0,'',0,0,1796011930370144908,'14598fea1cc89d472eb5f87ecf9594b9cca9dd90d8ebfbb7c0e31f66e97e3912');
INSERT INTO "failures" VALUES('','6c8afb63f221522e89f2f987ea24e4e6','6c8afb63f221522e89f2f987ea24e4e6','classified','','failed','accounts','POST /login',1796011322132117890,1796011322153117826,4,1796011330377147473,1796011330377147473,1796011330377147473,1796011330377147473,NULL,0,0,1,0,'',0,0,1796011930377147473,'0d4829693ec390b99cabd7b71a6070aa2e4c9a7486b28ac83f9aaa77bb304123');
INSERT INTO "failures" VALUES('','c52cdddab63ce54ce65199d6144a9cea','c52cdddab63ce54ce65199d6144a9cea','classified','','failed','one-nanoid','POST /x',1796011123169740240,1796011123179740240,2,1796011330371762868,1796011330371762868,1796011330371762868,1796011330371762868,NULL,0,0,1,0,'',0,0,1796011930371762868,'d5487b8f81be27c24df889fa2b884788c7dd2a17416a283c645f49f11f66dfc7');
INSERT INTO "failures" VALUES('','cc152728e7d0fb325fb1974fc4224562','cc152728e7d0fb325fb1974fc4224562','classified','','failed','catalog','POST /products',1796011325132117890,1796011325153117826,4,1796011330378457086,1796011330378457086,1796011330378457086,1796011330378457086,NULL,0,0,1,0,'',0,0,1796011930378457086,'fdf27761a123a9ee80ed88fb062e3396725231763f6b29d317433e45de664550');
INSERT INTO "failures" VALUES('','ec4c9a3af3fbe211658710eff14244a0','ec4c9a3af3fbe211658710eff14244a0','classified','','failed','one-nanoid','POST /x',1796011125169740240,1796011125179740240,2,1796011330372690002,1796011330372690002,1796011330372690002,1796011330372690002,NULL,0,0,1,0,'',0,0,1796011930372690002,'7563d632897194ebdb74898796e9c37f366a892107ff527e77662449e97bec4a');
INSERT INTO "failures" VALUES('','untraced:1260bc075acc23af58a2c499','','classified','','unknown','log-worker-number','',1796011199149740240,1796011199149740240,1,1796011330374495891,1796011330374495891,1796011330374495891,1796011330374495891,NULL,0,0,1,0,'',0,0,1796011930374495891,'971866fe15b8cdd3e1d4ab9eb10ee94e47eaed280a473f02fdc377a09c3cd12a');
INSERT INTO "failures" VALUES('','untraced:74484fc9f1bd9d8bf7cdf67c','','classified','','unknown','log-worker-number','',1796011201149740240,1796011201149740240,1,1796011330375374524,1796011330375374524,1796011330375374524,1796011330375374524,NULL,0,0,1,0,'',0,0,1796011930375374524,'7faadd5c536a6712c90a7d0d66fc64e5be5bc51cda1232983162d9235dc00cbf');
INSERT INTO "failures" VALUES('','untraced:ab1173e8779a60d82faab5a0','','classified','','unknown','log-worker-number','',1796011203149740240,1796011203149740240,1,1796011330376195151,1796011330376195151,1796011330376195151,1796011330376195151,NULL,0,0,1,0,'',0,0,1796011930376195151,'16b9bd0869c3f4b870279e9dcfb560c100f51eba88a6985166346ed402607ccd');
CREATE TABLE goose_db_version (
		id INTEGER PRIMARY KEY AUTOINCREMENT,
		version_id INTEGER NOT NULL,
		is_applied INTEGER NOT NULL,
		tstamp TIMESTAMP DEFAULT (datetime('now'))
	);
INSERT INTO "goose_db_version" VALUES(1,0,1,'2026-11-30 04:02:10');
INSERT INTO "goose_db_version" VALUES(2,1,1,'2026-11-30 04:02:10');
INSERT INTO "goose_db_version" VALUES(3,2,1,'2026-11-30 04:02:10');
INSERT INTO "goose_db_version" VALUES(4,3,1,'2026-11-30 04:02:10');
INSERT INTO "goose_db_version" VALUES(5,6,1,'2026-11-30 04:02:10');
INSERT INTO "goose_db_version" VALUES(6,7,1,'2026-11-30 04:02:10');
INSERT INTO "goose_db_version" VALUES(7,8,1,'2026-11-30 04:02:10');
CREATE TABLE incident_failures (
	tenant         TEXT    NOT NULL,
	key            TEXT    NOT NULL,
	incident_id    TEXT    NOT NULL,
	root_signature TEXT    NOT NULL,
	outcome        TEXT    NOT NULL,
	first_error    INTEGER NOT NULL, -- event time
	last_error     INTEGER NOT NULL, -- event time
	last_received  INTEGER NOT NULL,
	errors         INTEGER NOT NULL,
	error_signals  INTEGER NOT NULL,
	PRIMARY KEY (tenant, key, incident_id)
) STRICT, WITHOUT ROWID;
INSERT INTO "incident_failures" VALUES('','299f1b462b545c16bb5548aa55993480','f828b071f674414c982e06259665975a','9e655e157efd127e1ee0838ca70f42c7','failed',1796011127169740240,1796011127179740240,1796011330373653952,1,2);
INSERT INTO "incident_failures" VALUES('','2e7b4cb67e8b808bc401ce2b8dd8b0f9','56e81918d60fda1b58fb8953674e6e51','3516ed258953d9f553672c6395c3c521','failed',1796011121169740240,1796011121179740240,1796011330370144908,1,2);
INSERT INTO "incident_failures" VALUES('','6c8afb63f221522e89f2f987ea24e4e6','8849ea1351978b1819c944eb3e2d4205','1d43ac496cec2386f1053ed83e32572f','failed',1796011322132117890,1796011322153117826,1796011330377147473,2,4);
INSERT INTO "incident_failures" VALUES('','c52cdddab63ce54ce65199d6144a9cea','f194f3c9065ae979e602bf811c9af0e5','1b0cad9493c36d747c9357e1e4be2a7a','failed',1796011123169740240,1796011123179740240,1796011330371762868,1,2);
INSERT INTO "incident_failures" VALUES('','cc152728e7d0fb325fb1974fc4224562','d282be4fcffa95b079ed1c12a12dc847','27c07a4ddce12e25f6cddd6577d5f483','failed',1796011325132117890,1796011325153117826,1796011330378457086,2,4);
INSERT INTO "incident_failures" VALUES('','ec4c9a3af3fbe211658710eff14244a0','d950353c543a8189ada15ff6e7ae844a','967422723d2615b3002fce647c647134','failed',1796011125169740240,1796011125179740240,1796011330372690002,1,2);
INSERT INTO "incident_failures" VALUES('','untraced:1260bc075acc23af58a2c499','e6fa4e9f553559a6a9f6a3cfe873156c','97083a708fd966bbbea1d113d4c98d2a','unknown',1796011199149740240,1796011199149740240,1796011330374495891,1,1);
INSERT INTO "incident_failures" VALUES('','untraced:74484fc9f1bd9d8bf7cdf67c','91c55b5be5b700c2ab41c1a6885a3d2a','a1560435a3252575372c7c3163d99021','unknown',1796011201149740240,1796011201149740240,1796011330375374524,1,1);
INSERT INTO "incident_failures" VALUES('','untraced:ab1173e8779a60d82faab5a0','b3d09b9dfeb109b23cd55bd71faeff10','197581460fef160fcb624811286cc61f','unknown',1796011203149740240,1796011203149740240,1796011330376195151,1,1);
CREATE TABLE incident_history (
	seq            INTEGER PRIMARY KEY,
	tenant         TEXT    NOT NULL,
	incident_id    TEXT    NOT NULL,
	at             INTEGER NOT NULL,
	action         TEXT    NOT NULL,
	other_id       TEXT    NOT NULL,
	from_signature TEXT    NOT NULL,
	to_signature   TEXT    NOT NULL,
	reason         TEXT    NOT NULL,
	moved_keys     TEXT    NOT NULL DEFAULT '[]' -- JSON array
) STRICT;
INSERT INTO "incident_history" VALUES(1,'','56e81918d60fda1b58fb8953674e6e51',1796011336449470523,'opened','','','3516ed258953d9f553672c6395c3c521','opened','[]');
INSERT INTO "incident_history" VALUES(2,'','f194f3c9065ae979e602bf811c9af0e5',1796011336451733609,'opened','','','1b0cad9493c36d747c9357e1e4be2a7a','opened','[]');
INSERT INTO "incident_history" VALUES(3,'','d950353c543a8189ada15ff6e7ae844a',1796011336451888379,'opened','','','967422723d2615b3002fce647c647134','opened','[]');
INSERT INTO "incident_history" VALUES(4,'','f828b071f674414c982e06259665975a',1796011336451954928,'opened','','','9e655e157efd127e1ee0838ca70f42c7','opened','[]');
INSERT INTO "incident_history" VALUES(5,'','e6fa4e9f553559a6a9f6a3cfe873156c',1796011336452023700,'opened','','','97083a708fd966bbbea1d113d4c98d2a','opened','[]');
INSERT INTO "incident_history" VALUES(6,'','91c55b5be5b700c2ab41c1a6885a3d2a',1796011336452089057,'opened','','','a1560435a3252575372c7c3163d99021','opened','[]');
INSERT INTO "incident_history" VALUES(7,'','b3d09b9dfeb109b23cd55bd71faeff10',1796011336452150658,'opened','','','197581460fef160fcb624811286cc61f','opened','[]');
INSERT INTO "incident_history" VALUES(8,'','8849ea1351978b1819c944eb3e2d4205',1796011336452212059,'opened','','','1d43ac496cec2386f1053ed83e32572f','opened','[]');
INSERT INTO "incident_history" VALUES(9,'','d282be4fcffa95b079ed1c12a12dc847',1796011336458281180,'opened','','','27c07a4ddce12e25f6cddd6577d5f483','opened','[]');
CREATE TABLE incidents (
	tenant          TEXT    NOT NULL,
	id              TEXT    NOT NULL,
	root_signature  TEXT    NOT NULL,
	signature_parts TEXT    NOT NULL, -- JSON
	title           TEXT    NOT NULL,
	status          TEXT    NOT NULL CHECK (status IN ('open', 'resolved', 'regressed')),
	severity        TEXT    NOT NULL,
	category        TEXT    NOT NULL,
	kind            TEXT    NOT NULL,
	service         TEXT    NOT NULL,
	component       TEXT    NOT NULL,
	operation       TEXT    NOT NULL,
	first_seen      INTEGER NOT NULL,
	last_seen       INTEGER NOT NULL,
	opened_at       INTEGER NOT NULL,
	resolved_at     INTEGER,
	last_failure_at INTEGER NOT NULL,
	failing_traces  INTEGER NOT NULL,
	error_signals   INTEGER NOT NULL,
	errors          INTEGER NOT NULL,
	services        TEXT    NOT NULL, -- JSON array
	environments    TEXT    NOT NULL, -- JSON array
	versions        TEXT    NOT NULL, -- JSON array of service@version
	ungrouped       INTEGER NOT NULL,
	confidence      INTEGER NOT NULL, -- millionths
	wanted          INTEGER NOT NULL,
	done            INTEGER NOT NULL,
	want_reason     TEXT    NOT NULL,
	want_due        INTEGER NOT NULL,
	late_runs       INTEGER NOT NULL,
	analysed_at     INTEGER NOT NULL,
	analysed_traces INTEGER NOT NULL,
	revision        INTEGER NOT NULL DEFAULT 0,
	merged_into     TEXT    NOT NULL DEFAULT '',
	lease_owner     TEXT    NOT NULL DEFAULT '',
	lease_until     INTEGER NOT NULL DEFAULT 0,
	lease_reason    TEXT    NOT NULL DEFAULT '',
	attempts        INTEGER NOT NULL DEFAULT 0,
	retry_at        INTEGER NOT NULL DEFAULT 0,
	dead            INTEGER NOT NULL DEFAULT 0,
	last_error      TEXT    NOT NULL DEFAULT '', joined INTEGER NOT NULL DEFAULT 0, agents_wanted INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, id)
) STRICT;
INSERT INTO "incidents" VALUES('','56e81918d60fda1b58fb8953674e6e51','3516ed258953d9f553672c6395c3c521','{"version":1,"environment":"production","kind":"code","identity":["one-nanoid","AppError","session \u003cnum\u003elabfsYIEmUTWEI8SvyUp expired"],"class":"exception","strategy":"exception_message"}','one-nanoid: AppError session <num>labfsYIEmUTWEI8SvyUp expired','open','high','code_exception','code','one-nanoid','one-nanoid','POST /x',1796011121169740240,1796011121179740240,1796011336449470523,NULL,1796011330370144908,1,2,1,'["one-nanoid"]','["production"]','[]',0,800000,1,1,'',0,0,1796011336490057189,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','f194f3c9065ae979e602bf811c9af0e5','1b0cad9493c36d747c9357e1e4be2a7a','{"version":1,"environment":"production","kind":"code","identity":["one-nanoid","AppError","session jxT2tKKGmFVMbskTiUpS8 expired"],"class":"exception","strategy":"exception_message"}','one-nanoid: AppError session jxT2tKKGmFVMbskTiUpS8 expired','open','high','code_exception','code','one-nanoid','one-nanoid','POST /x',1796011123169740240,1796011123179740240,1796011336451733609,NULL,1796011330371762868,1,2,1,'["one-nanoid"]','["production"]','[]',0,800000,1,1,'',0,0,1796011336483799067,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','d950353c543a8189ada15ff6e7ae844a','967422723d2615b3002fce647c647134','{"version":1,"environment":"production","kind":"code","identity":["one-nanoid","AppError","session FAwZqffKKNee7Tll8tJVF expired"],"class":"exception","strategy":"exception_message"}','one-nanoid: AppError session FAwZqffKKNee7Tll8tJVF expired','open','high','code_exception','code','one-nanoid','one-nanoid','POST /x',1796011125169740240,1796011125179740240,1796011336451888379,NULL,1796011330372690002,1,2,1,'["one-nanoid"]','["production"]','[]',0,800000,1,1,'',0,0,1796011336514085366,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','f828b071f674414c982e06259665975a','9e655e157efd127e1ee0838ca70f42c7','{"version":1,"environment":"production","kind":"code","identity":["one-nanoid","AppError","session \u003cnum\u003eFTT97kNQhQ6ClOiIFiy expired"],"class":"exception","strategy":"exception_message"}','one-nanoid: AppError session <num>FTT97kNQhQ6ClOiIFiy expired','open','high','code_exception','code','one-nanoid','one-nanoid','POST /x',1796011127169740240,1796011127179740240,1796011336451954928,NULL,1796011330373653952,1,2,1,'["one-nanoid"]','["production"]','[]',0,800000,1,1,'',0,0,1796011336516356404,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','e6fa4e9f553559a6a9f6a3cfe873156c','97083a708fd966bbbea1d113d4c98d2a','{"version":1,"environment":"production","kind":"code","identity":["log-worker-number","node worker1 left",""],"class":"exception","strategy":"message"}','log-worker-number: node worker1 left','open','medium','unknown','code','log-worker-number','log-worker-number','',1796011199149740240,1796011199149740240,1796011336452023700,NULL,1796011330374495891,1,1,1,'["log-worker-number"]','["production"]','[]',0,600000,1,1,'',0,0,1796011336534091658,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','91c55b5be5b700c2ab41c1a6885a3d2a','a1560435a3252575372c7c3163d99021','{"version":1,"environment":"production","kind":"code","identity":["log-worker-number","node worker2 left",""],"class":"exception","strategy":"message"}','log-worker-number: node worker2 left','open','medium','unknown','code','log-worker-number','log-worker-number','',1796011201149740240,1796011201149740240,1796011336452089057,NULL,1796011330375374524,1,1,1,'["log-worker-number"]','["production"]','[]',0,600000,1,1,'',0,0,1796011336536715320,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','b3d09b9dfeb109b23cd55bd71faeff10','197581460fef160fcb624811286cc61f','{"version":1,"environment":"production","kind":"code","identity":["log-worker-number","node worker3 left",""],"class":"exception","strategy":"message"}','log-worker-number: node worker3 left','open','medium','unknown','code','log-worker-number','log-worker-number','',1796011203149740240,1796011203149740240,1796011336452150658,NULL,1796011330376195151,1,1,1,'["log-worker-number"]','["production"]','[]',0,600000,1,1,'',0,0,1796011336582336893,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','8849ea1351978b1819c944eb3e2d4205','1d43ac496cec2386f1053ed83e32572f','{"version":1,"environment":"production","kind":"dependency","identity":["postgresql","pg-main.internal/accounts"],"class":"unavailable"}','pg-main.internal: dependency unavailable','open','high','dependency_unavailable','dependency','accounts','pg-main.internal','accounts',1796011322132117890,1796011322153117826,1796011336452212059,NULL,1796011330377147473,1,4,2,'["accounts"]','["production"]','[]',0,800000,1,1,'',0,0,1796011336588029836,1,1,'','',0,'',0,0,0,'',0,0);
INSERT INTO "incidents" VALUES('','d282be4fcffa95b079ed1c12a12dc847','27c07a4ddce12e25f6cddd6577d5f483','{"version":1,"environment":"production","kind":"dependency","identity":["postgresql","pg-main.internal/catalog"],"class":"unavailable"}','pg-main.internal: dependency unavailable','open','high','dependency_unavailable','dependency','catalog','pg-main.internal','connect',1796011325132117890,1796011325153117826,1796011336458281180,NULL,1796011330378457086,1,4,2,'["catalog"]','["production"]','[]',0,800000,1,1,'',0,0,1796011336617175103,1,1,'','',0,'',0,0,0,'',0,0);
CREATE TABLE logs_20261130 (
	seq                INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	id                 TEXT    NOT NULL,
	received_at        INTEGER NOT NULL,
	time               INTEGER NOT NULL, -- log_time, else observed_time, else received_at
	service            TEXT    NOT NULL,
	trace_id           TEXT    NOT NULL,
	span_id            TEXT    NOT NULL,
	log_time           INTEGER NOT NULL,
	observed_time      INTEGER NOT NULL,
	severity           INTEGER NOT NULL,
	severity_text      TEXT    NOT NULL,
	event_name         TEXT    NOT NULL,
	body               TEXT,             -- text as it is, anything else as JSON
	body_is_json       INTEGER NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	flags              INTEGER NOT NULL,
	dropped_attributes INTEGER NOT NULL,
	resource           INTEGER NOT NULL,
	scope              INTEGER,
	raw                BLOB
) STRICT;
INSERT INTO "logs_20261130" VALUES(16,'','8c806765e0d84ca9b6918be105da77d8',1796011330374495891,1796011199149740240,'log-worker-number','','',1796011199149740240,1796011199150740240,17,'ERROR','','node worker1 left',0,'{}',0,0,15,2,NULL);
INSERT INTO "logs_20261130" VALUES(18,'','8407d24be1adc20e7acddf272677e792',1796011330375374524,1796011201149740240,'log-worker-number','','',1796011201149740240,1796011201150740240,17,'ERROR','','node worker2 left',0,'{}',0,0,15,2,NULL);
INSERT INTO "logs_20261130" VALUES(20,'','fd454204dff7a16c5b4e45456e63e02b',1796011330376195151,1796011203149740240,'log-worker-number','','',1796011203149740240,1796011203150740240,17,'ERROR','','node worker3 left',0,'{}',0,0,15,2,NULL);
CREATE TABLE logs_20261201 (
	seq                INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	id                 TEXT    NOT NULL,
	received_at        INTEGER NOT NULL,
	time               INTEGER NOT NULL, -- log_time, else observed_time, else received_at
	service            TEXT    NOT NULL,
	trace_id           TEXT    NOT NULL,
	span_id            TEXT    NOT NULL,
	log_time           INTEGER NOT NULL,
	observed_time      INTEGER NOT NULL,
	severity           INTEGER NOT NULL,
	severity_text      TEXT    NOT NULL,
	event_name         TEXT    NOT NULL,
	body               TEXT,             -- text as it is, anything else as JSON
	body_is_json       INTEGER NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	flags              INTEGER NOT NULL,
	dropped_attributes INTEGER NOT NULL,
	resource           INTEGER NOT NULL,
	scope              INTEGER,
	raw                BLOB
) STRICT;
CREATE TABLE points_20261130 (
	seq          INTEGER PRIMARY KEY,
	tenant       TEXT    NOT NULL,
	id           TEXT    NOT NULL,
	received_at  INTEGER NOT NULL,
	time         INTEGER NOT NULL, -- point_time, or received_at where there is none
	service      TEXT    NOT NULL,
	name         TEXT    NOT NULL,
	description  TEXT    NOT NULL,
	unit         TEXT    NOT NULL,
	metadata     TEXT,             -- JSON
	type         TEXT    NOT NULL,
	temporality  INTEGER NOT NULL,
	monotonic    INTEGER NOT NULL,
	attributes   TEXT    NOT NULL, -- JSON
	start_time   INTEGER NOT NULL,
	point_time   INTEGER NOT NULL,
	flags        INTEGER NOT NULL,
	value        ANY,              -- of a gauge or sum
	distribution TEXT,             -- JSON, of the other types
	exemplars    TEXT,             -- JSON
	resource     INTEGER NOT NULL,
	scope        INTEGER,
	raw          BLOB
) STRICT;
CREATE TABLE points_20261201 (
	seq          INTEGER PRIMARY KEY,
	tenant       TEXT    NOT NULL,
	id           TEXT    NOT NULL,
	received_at  INTEGER NOT NULL,
	time         INTEGER NOT NULL, -- point_time, or received_at where there is none
	service      TEXT    NOT NULL,
	name         TEXT    NOT NULL,
	description  TEXT    NOT NULL,
	unit         TEXT    NOT NULL,
	metadata     TEXT,             -- JSON
	type         TEXT    NOT NULL,
	temporality  INTEGER NOT NULL,
	monotonic    INTEGER NOT NULL,
	attributes   TEXT    NOT NULL, -- JSON
	start_time   INTEGER NOT NULL,
	point_time   INTEGER NOT NULL,
	flags        INTEGER NOT NULL,
	value        ANY,              -- of a gauge or sum
	distribution TEXT,             -- JSON, of the other types
	exemplars    TEXT,             -- JSON
	resource     INTEGER NOT NULL,
	scope        INTEGER,
	raw          BLOB
) STRICT;
CREATE TABLE quarantine (
	seq         INTEGER PRIMARY KEY,
	tenant      TEXT    NOT NULL,
	received_at INTEGER NOT NULL,
	kind        TEXT    NOT NULL,
	error       TEXT    NOT NULL,
	otlp        BLOB    NOT NULL
) STRICT;
CREATE TABLE resources_20261130 (
	id                 INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	digest             BLOB    NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	dropped_attributes INTEGER NOT NULL,
	schema_url         TEXT    NOT NULL,
	entities           TEXT,             -- JSON
	UNIQUE (tenant, digest)
) STRICT;
INSERT INTO "resources_20261130" VALUES(1,'',X'DEA0AF206B867DB734044CBB483421AB500C93331059427AEEA861C88050F34D','{"service.name":"one-nanoid","deployment.environment.name":"production"}',0,'',NULL);
INSERT INTO "resources_20261130" VALUES(15,'',X'E6B8069B1100F10D19D0A5E43E92E0BEB919D43BD8A393F049F2FE4DE57F8B9A','{"service.name":"log-worker-number","deployment.environment.name":"production"}',0,'',NULL);
INSERT INTO "resources_20261130" VALUES(22,'',X'D6E26DF3C3C4F3B5F66EA86165A7EF340D81C5F756920E1DD9A6A342232ADE09','{"service.name":"accounts","deployment.environment.name":"production","telemetry.sdk.language":"python"}',0,'',NULL);
INSERT INTO "resources_20261130" VALUES(31,'',X'0FA41D750A58212E812060563528738B4DA50B1341E2D929B6F89EB5EA4DA199','{"service.name":"catalog","deployment.environment.name":"production","telemetry.sdk.language":"ruby"}',0,'',NULL);
CREATE TABLE resources_20261201 (
	id                 INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	digest             BLOB    NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	dropped_attributes INTEGER NOT NULL,
	schema_url         TEXT    NOT NULL,
	entities           TEXT,             -- JSON
	UNIQUE (tenant, digest)
) STRICT;
CREATE TABLE scopes_20261130 (
	id                 INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	digest             BLOB    NOT NULL,
	name               TEXT    NOT NULL,
	version            TEXT    NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	dropped_attributes INTEGER NOT NULL,
	schema_url         TEXT    NOT NULL,
	UNIQUE (tenant, digest)
) STRICT;
INSERT INTO "scopes_20261130" VALUES(2,'',X'3E90B8678FC59FCF3B9F31F312DBA8A1CB5B588A04CD83F697652181BF9C3FBF','app','','{}',0,'');
INSERT INTO "scopes_20261130" VALUES(23,'',X'3916EBFBB6B665CAA8EDF521D3310D6A1C0B5486C8302B24DAB009B246537EC6','http','','{}',0,'');
INSERT INTO "scopes_20261130" VALUES(25,'',X'CAEF51E44429AAE9BB422D57BB3CBB183677FA8895D56AD52A9C01EAA7965ACA','opentelemetry.instrumentation.psycopg2','','{}',0,'');
INSERT INTO "scopes_20261130" VALUES(33,'',X'9138C8EDD34FC391A85B182BE74B0F27793E1B2E840C58A5D4F1ABE12451CF30','OpenTelemetry::Instrumentation::PG','','{}',0,'');
CREATE TABLE scopes_20261201 (
	id                 INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	digest             BLOB    NOT NULL,
	name               TEXT    NOT NULL,
	version            TEXT    NOT NULL,
	attributes         TEXT    NOT NULL, -- JSON
	dropped_attributes INTEGER NOT NULL,
	schema_url         TEXT    NOT NULL,
	UNIQUE (tenant, digest)
) STRICT;
CREATE TABLE spans_20261130 (
	seq                INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	id                 TEXT    NOT NULL,
	received_at        INTEGER NOT NULL,
	time               INTEGER NOT NULL, -- start, or received_at where there is none
	service            TEXT    NOT NULL,
	trace_id           TEXT    NOT NULL,
	span_id            TEXT    NOT NULL,
	parent_span_id     TEXT    NOT NULL,
	name               TEXT    NOT NULL,
	kind               INTEGER NOT NULL,
	start_time         INTEGER NOT NULL,
	end_time           INTEGER NOT NULL,
	status_code        INTEGER NOT NULL,
	status_message     TEXT    NOT NULL,
	peer               TEXT,             -- address called: host:port, or host
	refused            INTEGER,          -- 1 where a serving span answered 401, 403, 407 or alike
	attributes         TEXT    NOT NULL, -- JSON
	events             TEXT,             -- JSON
	links              TEXT,             -- JSON
	trace_state        TEXT    NOT NULL,
	flags              INTEGER NOT NULL,
	dropped_attributes INTEGER NOT NULL,
	dropped_events     INTEGER NOT NULL,
	dropped_links      INTEGER NOT NULL,
	resource           INTEGER NOT NULL,
	scope              INTEGER,
	raw                BLOB              -- OTLP bytes, where the columns cannot carry the span
) STRICT;
INSERT INTO "spans_20261130" VALUES(3,'','323d90f711f4d19cc8925fad7956b132',1796011330370144908,1796011121149740240,'one-nanoid','2e7b4cb67e8b808bc401ce2b8dd8b0f9','0cbe0f86fee0a8e4','','POST /x',2,1796011121149740240,1796011121179740240,2,'',NULL,NULL,'{"http.request.method":"POST","http.route":"/x","http.response.status_code":500}','[{"time":1796011121169740240,"name":"exception","attributes":{"exception.type":"AppError","exception.message":"session 5labfsYIEmUTWEI8SvyUp expired"}}]',NULL,'',0,0,0,0,1,2,NULL);
INSERT INTO "spans_20261130" VALUES(6,'','ac031252d4263f8991db5c69e7731232',1796011330371762868,1796011123149740240,'one-nanoid','c52cdddab63ce54ce65199d6144a9cea','9e4830f96756ed50','','POST /x',2,1796011123149740240,1796011123179740240,2,'',NULL,NULL,'{"http.request.method":"POST","http.route":"/x","http.response.status_code":500}','[{"time":1796011123169740240,"name":"exception","attributes":{"exception.type":"AppError","exception.message":"session jxT2tKKGmFVMbskTiUpS8 expired"}}]',NULL,'',0,0,0,0,1,2,NULL);
INSERT INTO "spans_20261130" VALUES(9,'','87c528cfa33f67a5a9607d8f92b9872b',1796011330372690002,1796011125149740240,'one-nanoid','ec4c9a3af3fbe211658710eff14244a0','8e98727301d492ed','','POST /x',2,1796011125149740240,1796011125179740240,2,'',NULL,NULL,'{"http.request.method":"POST","http.route":"/x","http.response.status_code":500}','[{"time":1796011125169740240,"name":"exception","attributes":{"exception.type":"AppError","exception.message":"session FAwZqffKKNee7Tll8tJVF expired"}}]',NULL,'',0,0,0,0,1,2,NULL);
INSERT INTO "spans_20261130" VALUES(12,'','74847682bfb252fb256e5a8470daf7e1',1796011330373653952,1796011127149740240,'one-nanoid','299f1b462b545c16bb5548aa55993480','21ddd982ab727609','','POST /x',2,1796011127149740240,1796011127179740240,2,'',NULL,NULL,'{"http.request.method":"POST","http.route":"/x","http.response.status_code":500}','[{"time":1796011127169740240,"name":"exception","attributes":{"exception.type":"AppError","exception.message":"session 31FTT97kNQhQ6ClOiIFiy expired"}}]',NULL,'',0,0,0,0,1,2,NULL);
INSERT INTO "spans_20261130" VALUES(24,'','ea0eb0b4c765f36f294161e8be366564',1796011330377147473,1796011322093117826,'accounts','6c8afb63f221522e89f2f987ea24e4e6','ecdd38a81ecaf46c','','POST /login',2,1796011322093117826,1796011322153117826,2,'',NULL,NULL,'{"http.method":"POST","http.route":"/login","http.status_code":500}','[{"time":1796011322148117890,"name":"exception","attributes":{"exception.type":"django.db.utils.OperationalError","exception.message":"connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n","exception.stacktrace":"Traceback (most recent call last):\n  File \"/app/accounts/views.py\", line 12, in login\n    user = User.objects.get(pk=1)\n  File \"/usr/lib/python3.11/site-packages/psycopg2/__init__.py\", line 122, in connect\n    conn = _connect(dsn)\ndjango.db.utils.OperationalError: connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"}}]',NULL,'',0,0,0,0,22,23,NULL);
INSERT INTO "spans_20261130" VALUES(26,'','018e099eb7c172a40908aa02fb05ceb5',1796011330377147473,1796011322098118018,'accounts','6c8afb63f221522e89f2f987ea24e4e6','eb956fe5467a677f','ecdd38a81ecaf46c','accounts',3,1796011322098118018,1796011322133117826,2,'connection to server at "pg-main.internal" (10.9.0.4), port 5432 failed: Connection refused
	Is the server running on that host and accepting TCP/IP connections?
','pg-main.internal:5432',NULL,'{"db.system":"postgresql","db.name":"accounts","net.peer.name":"pg-main.internal","net.peer.port":5432}','[{"time":1796011322132117890,"name":"exception","attributes":{"exception.type":"django.db.utils.OperationalError","exception.message":"connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n","exception.stacktrace":"Traceback (most recent call last):\n  File \"/app/accounts/views.py\", line 12, in login\n    user = User.objects.get(pk=1)\n  File \"/usr/lib/python3.11/site-packages/psycopg2/__init__.py\", line 122, in connect\n    conn = _connect(dsn)\ndjango.db.utils.OperationalError: connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"}}]',NULL,'',0,0,0,0,22,25,NULL);
INSERT INTO "spans_20261130" VALUES(32,'','a04307c1015ec5e5364dbdc40a5f91a2',1796011330378457086,1796011325093117826,'catalog','cc152728e7d0fb325fb1974fc4224562','15ea161b8a036a7b','','POST /products',2,1796011325093117826,1796011325153117826,2,'',NULL,NULL,'{"http.method":"POST","http.route":"/products","http.status_code":500}','[{"time":1796011325148117890,"name":"exception","attributes":{"exception.type":"ActiveRecord::ConnectionNotEstablished","exception.message":"connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"}}]',NULL,'',0,0,0,0,31,23,NULL);
INSERT INTO "spans_20261130" VALUES(34,'','66fd6527ffa5a4a85bc3249222203b74',1796011330378457086,1796011325098118018,'catalog','cc152728e7d0fb325fb1974fc4224562','55520ca0aa2387ba','15ea161b8a036a7b','connect',3,1796011325098118018,1796011325133117826,2,'connection to server at "pg-main.internal" (10.9.0.4), port 5432 failed: Connection refused
	Is the server running on that host and accepting TCP/IP connections?
','pg-main.internal:5432',NULL,'{"db.system":"postgresql","db.name":"catalog","net.peer.name":"pg-main.internal","net.peer.port":"5432"}','[{"time":1796011325132117890,"name":"exception","attributes":{"exception.type":"ActiveRecord::ConnectionNotEstablished","exception.message":"connection to server at \"pg-main.internal\" (10.9.0.4), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?\n"}}]',NULL,'',0,0,0,0,31,33,NULL);
CREATE TABLE spans_20261201 (
	seq                INTEGER PRIMARY KEY,
	tenant             TEXT    NOT NULL,
	id                 TEXT    NOT NULL,
	received_at        INTEGER NOT NULL,
	time               INTEGER NOT NULL, -- start, or received_at where there is none
	service            TEXT    NOT NULL,
	trace_id           TEXT    NOT NULL,
	span_id            TEXT    NOT NULL,
	parent_span_id     TEXT    NOT NULL,
	name               TEXT    NOT NULL,
	kind               INTEGER NOT NULL,
	start_time         INTEGER NOT NULL,
	end_time           INTEGER NOT NULL,
	status_code        INTEGER NOT NULL,
	status_message     TEXT    NOT NULL,
	peer               TEXT,             -- address called: host:port, or host
	refused            INTEGER,          -- 1 where a serving span answered 401, 403, 407 or alike
	attributes         TEXT    NOT NULL, -- JSON
	events             TEXT,             -- JSON
	links              TEXT,             -- JSON
	trace_state        TEXT    NOT NULL,
	flags              INTEGER NOT NULL,
	dropped_attributes INTEGER NOT NULL,
	dropped_events     INTEGER NOT NULL,
	dropped_links      INTEGER NOT NULL,
	resource           INTEGER NOT NULL,
	scope              INTEGER,
	raw                BLOB              -- OTLP bytes, where the columns cannot carry the span
) STRICT;
CREATE TABLE transcripts (
	tenant TEXT    NOT NULL,
	digest TEXT    NOT NULL,
	size   INTEGER NOT NULL, -- bytes, uncompressed
	zstd   BLOB    NOT NULL,
	PRIMARY KEY (tenant, digest)
) STRICT;
CREATE TABLE trimmed_failures (
	tenant         TEXT    NOT NULL,
	incident_id    TEXT    NOT NULL,
	root_signature TEXT    NOT NULL, -- that of the incident where it is ungrouped
	failing_traces INTEGER NOT NULL,
	errors         INTEGER NOT NULL,
	error_signals  INTEGER NOT NULL,
	first_error    INTEGER NOT NULL, -- event time
	last_error     INTEGER NOT NULL, -- event time
	last_received  INTEGER NOT NULL,
	PRIMARY KEY (tenant, incident_id, root_signature)
) STRICT, WITHOUT ROWID;
CREATE TABLE watermarks (
	name TEXT    PRIMARY KEY,
	seq  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX failures_state ON failures (state, waiting_since);
CREATE INDEX failures_incomplete ON failures (late_until) WHERE missing_parent = 1;
CREATE UNIQUE INDEX incidents_signature ON incidents (tenant, root_signature) WHERE merged_into = '';
CREATE INDEX incidents_last_seen ON incidents (tenant, last_seen, id);
CREATE INDEX incidents_opened ON incidents (tenant, service, opened_at);
CREATE INDEX incidents_wanted ON incidents (want_due) WHERE wanted > done;
CREATE INDEX incidents_quiet ON incidents (last_failure_at) WHERE status <> 'resolved';
CREATE INDEX incident_failures_incident ON incident_failures (tenant, incident_id, first_error, key);
CREATE INDEX incident_history_incident ON incident_history (tenant, incident_id);
CREATE INDEX analyses_case ON analyses (tenant, input_digest);
CREATE INDEX agent_runs_pending ON agent_runs (due_at, asked_at) WHERE state = 'pending';
CREATE INDEX agent_runs_reuse ON agent_runs (tenant, reuse_key, finished_at) WHERE reuse_key <> '';
CREATE INDEX agent_runs_transcript ON agent_runs (tenant, transcript) WHERE transcript <> '';
CREATE INDEX agent_spend_at ON agent_spend (at);
CREATE INDEX agent_spend_incident ON agent_spend (tenant, incident_id);
CREATE INDEX incidents_joined ON incidents (tenant, root_signature) WHERE joined = 1;
CREATE INDEX incidents_merged ON incidents (tenant, merged_into) WHERE merged_into <> '';
CREATE INDEX failures_old ON failures (first_received);
CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE status = 'resolved';
CREATE INDEX analyses_created ON analyses (created_at);
CREATE INDEX spans_20261130_trace   ON spans_20261130 (tenant, trace_id, span_id, parent_span_id);
CREATE INDEX spans_20261130_service ON spans_20261130 (tenant, service, time);
CREATE INDEX spans_20261130_peer    ON spans_20261130 (tenant, peer, time) WHERE peer IS NOT NULL;
CREATE INDEX spans_20261130_refused ON spans_20261130 (tenant, service, time) WHERE refused = 1;
CREATE INDEX logs_20261130_id      ON logs_20261130 (tenant, id);
CREATE INDEX logs_20261130_trace   ON logs_20261130 (tenant, trace_id) WHERE trace_id <> '';
CREATE INDEX logs_20261130_service ON logs_20261130 (tenant, service, time);
CREATE INDEX points_20261130_id      ON points_20261130 (tenant, id);
CREATE INDEX points_20261130_service ON points_20261130 (tenant, service, time);
CREATE INDEX error_signals_20261130_key ON error_signals_20261130 (tenant, key);
CREATE INDEX changes_20261130_id   ON changes_20261130 (tenant, id);
CREATE INDEX changes_20261130_time ON changes_20261130 (tenant, time);
CREATE TRIGGER resources_20261130_UPDATE BEFORE UPDATE ON resources_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER resources_20261130_DELETE BEFORE DELETE ON resources_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER resources_20261130_INSERT BEFORE INSERT ON resources_20261130 WHEN EXISTS (SELECT 1 FROM resources_20261130 WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER scopes_20261130_UPDATE BEFORE UPDATE ON scopes_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER scopes_20261130_DELETE BEFORE DELETE ON scopes_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER scopes_20261130_INSERT BEFORE INSERT ON scopes_20261130 WHEN EXISTS (SELECT 1 FROM scopes_20261130 WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER spans_20261130_UPDATE BEFORE UPDATE ON spans_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER spans_20261130_DELETE BEFORE DELETE ON spans_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER spans_20261130_INSERT BEFORE INSERT ON spans_20261130 WHEN EXISTS (SELECT 1 FROM spans_20261130 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER logs_20261130_UPDATE BEFORE UPDATE ON logs_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER logs_20261130_DELETE BEFORE DELETE ON logs_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER logs_20261130_INSERT BEFORE INSERT ON logs_20261130 WHEN EXISTS (SELECT 1 FROM logs_20261130 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER points_20261130_UPDATE BEFORE UPDATE ON points_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER points_20261130_DELETE BEFORE DELETE ON points_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER points_20261130_INSERT BEFORE INSERT ON points_20261130 WHEN EXISTS (SELECT 1 FROM points_20261130 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER error_signals_20261130_UPDATE BEFORE UPDATE ON error_signals_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER error_signals_20261130_DELETE BEFORE DELETE ON error_signals_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER error_signals_20261130_INSERT BEFORE INSERT ON error_signals_20261130 WHEN EXISTS (SELECT 1 FROM error_signals_20261130 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER changes_20261130_UPDATE BEFORE UPDATE ON changes_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER changes_20261130_DELETE BEFORE DELETE ON changes_20261130  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER changes_20261130_INSERT BEFORE INSERT ON changes_20261130 WHEN EXISTS (SELECT 1 FROM changes_20261130 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE INDEX spans_20261201_trace   ON spans_20261201 (tenant, trace_id, span_id, parent_span_id);
CREATE INDEX spans_20261201_service ON spans_20261201 (tenant, service, time);
CREATE INDEX spans_20261201_peer    ON spans_20261201 (tenant, peer, time) WHERE peer IS NOT NULL;
CREATE INDEX spans_20261201_refused ON spans_20261201 (tenant, service, time) WHERE refused = 1;
CREATE INDEX logs_20261201_id      ON logs_20261201 (tenant, id);
CREATE INDEX logs_20261201_trace   ON logs_20261201 (tenant, trace_id) WHERE trace_id <> '';
CREATE INDEX logs_20261201_service ON logs_20261201 (tenant, service, time);
CREATE INDEX points_20261201_id      ON points_20261201 (tenant, id);
CREATE INDEX points_20261201_service ON points_20261201 (tenant, service, time);
CREATE INDEX error_signals_20261201_key ON error_signals_20261201 (tenant, key);
CREATE INDEX changes_20261201_id   ON changes_20261201 (tenant, id);
CREATE INDEX changes_20261201_time ON changes_20261201 (tenant, time);
CREATE TRIGGER resources_20261201_UPDATE BEFORE UPDATE ON resources_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER resources_20261201_DELETE BEFORE DELETE ON resources_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER resources_20261201_INSERT BEFORE INSERT ON resources_20261201 WHEN EXISTS (SELECT 1 FROM resources_20261201 WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER scopes_20261201_UPDATE BEFORE UPDATE ON scopes_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER scopes_20261201_DELETE BEFORE DELETE ON scopes_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER scopes_20261201_INSERT BEFORE INSERT ON scopes_20261201 WHEN EXISTS (SELECT 1 FROM scopes_20261201 WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER spans_20261201_UPDATE BEFORE UPDATE ON spans_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER spans_20261201_DELETE BEFORE DELETE ON spans_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER spans_20261201_INSERT BEFORE INSERT ON spans_20261201 WHEN EXISTS (SELECT 1 FROM spans_20261201 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER logs_20261201_UPDATE BEFORE UPDATE ON logs_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER logs_20261201_DELETE BEFORE DELETE ON logs_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER logs_20261201_INSERT BEFORE INSERT ON logs_20261201 WHEN EXISTS (SELECT 1 FROM logs_20261201 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER points_20261201_UPDATE BEFORE UPDATE ON points_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER points_20261201_DELETE BEFORE DELETE ON points_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER points_20261201_INSERT BEFORE INSERT ON points_20261201 WHEN EXISTS (SELECT 1 FROM points_20261201 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER error_signals_20261201_UPDATE BEFORE UPDATE ON error_signals_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER error_signals_20261201_DELETE BEFORE DELETE ON error_signals_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER error_signals_20261201_INSERT BEFORE INSERT ON error_signals_20261201 WHEN EXISTS (SELECT 1 FROM error_signals_20261201 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER changes_20261201_UPDATE BEFORE UPDATE ON changes_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER changes_20261201_DELETE BEFORE DELETE ON changes_20261201  BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE TRIGGER changes_20261201_INSERT BEFORE INSERT ON changes_20261201 WHEN EXISTS (SELECT 1 FROM changes_20261201 WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'signals are append-only'); END;
CREATE VIEW spans AS SELECT t.*, r.attributes AS resource_attributes, s.name AS scope_name
		FROM spans_20261201 t LEFT JOIN resources_20261201 r ON r.id = t.resource LEFT JOIN scopes_20261201 s ON s.id = t.scope UNION ALL SELECT t.*, r.attributes AS resource_attributes, s.name AS scope_name
		FROM spans_20261130 t LEFT JOIN resources_20261130 r ON r.id = t.resource LEFT JOIN scopes_20261130 s ON s.id = t.scope;
CREATE VIEW logs AS SELECT t.*, r.attributes AS resource_attributes, s.name AS scope_name
		FROM logs_20261201 t LEFT JOIN resources_20261201 r ON r.id = t.resource LEFT JOIN scopes_20261201 s ON s.id = t.scope UNION ALL SELECT t.*, r.attributes AS resource_attributes, s.name AS scope_name
		FROM logs_20261130 t LEFT JOIN resources_20261130 r ON r.id = t.resource LEFT JOIN scopes_20261130 s ON s.id = t.scope;
CREATE VIEW points AS SELECT t.*, r.attributes AS resource_attributes, s.name AS scope_name
		FROM points_20261201 t LEFT JOIN resources_20261201 r ON r.id = t.resource LEFT JOIN scopes_20261201 s ON s.id = t.scope UNION ALL SELECT t.*, r.attributes AS resource_attributes, s.name AS scope_name
		FROM points_20261130 t LEFT JOIN resources_20261130 r ON r.id = t.resource LEFT JOIN scopes_20261130 s ON s.id = t.scope;
CREATE VIEW error_signals AS SELECT * FROM error_signals_20261201 UNION ALL SELECT * FROM error_signals_20261130;
CREATE VIEW changes AS SELECT * FROM changes_20261201 UNION ALL SELECT * FROM changes_20261130;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('goose_db_version',7);
COMMIT;
-- Drafts are no part of the ledger, so the ledger's table of idempotency keys cannot say which request began one. A draft
-- keeps the key that began it, whose it was, and the SHA-256 of that request: the same key with another request is told
-- from a repetition, also when both come at the same time. The key is forgotten with its draft. Drafts from before have
-- none.
ALTER TABLE draft
    ADD COLUMN begun_by        text  COLLATE "C",
    ADD COLUMN begun_with      text  COLLATE "C",
    ADD COLUMN begun_as        bytea CHECK (octet_length(begun_as) = 32),
    ADD CONSTRAINT draft_key_whole CHECK (num_nulls(begun_by, begun_with, begun_as) IN (0, 3)),
    ADD CONSTRAINT draft_key UNIQUE (begun_by, begun_with);

-- Whoever sweeps the store of attachments asks for a thousand hashes at a time whether any event names them.
CREATE INDEX attachment_of_content ON register_version ((document ->> 'sha256'))
    WHERE register = 'attachments';

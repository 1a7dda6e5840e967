-- The tables of the first release, as it made them.
CREATE TABLE library (
	id VARCHAR NOT NULL,
	owner VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	embedding_model VARCHAR NOT NULL,
	dimension INTEGER NOT NULL,
	generation INTEGER NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (owner, name)
);
CREATE TABLE mark (
	name VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	PRIMARY KEY (name)
);
CREATE TABLE document (
	id VARCHAR NOT NULL,
	library_id VARCHAR NOT NULL,
	name VARCHAR NOT NULL,
	title VARCHAR NOT NULL,
	media_type VARCHAR NOT NULL,
	sha256 VARCHAR NOT NULL,
	size_bytes INTEGER NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	page_count INTEGER NOT NULL,
	paginated BOOLEAN NOT NULL,
	added_at FLOAT NOT NULL,
	PRIMARY KEY (id),
	UNIQUE (library_id, sha256),
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE
);
CREATE INDEX ix_document_sha256 ON document (sha256);
CREATE TABLE chunk (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	library_id VARCHAR NOT NULL,
	document_id VARCHAR NOT NULL,
	page INTEGER NOT NULL,
	start INTEGER NOT NULL,
	"end" INTEGER NOT NULL,
	heading JSON NOT NULL,
	tokens INTEGER NOT NULL,
	vector BLOB NOT NULL,
	FOREIGN KEY(library_id) REFERENCES library (id) ON DELETE CASCADE,
	FOREIGN KEY(document_id) REFERENCES document (id) ON DELETE CASCADE
);
CREATE INDEX chunk_by_library ON chunk (library_id);
CREATE INDEX chunk_by_place ON chunk (document_id, page, start);
CREATE TABLE page (
	document_id VARCHAR NOT NULL,
	number INTEGER NOT NULL,
	label VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	reason VARCHAR NOT NULL,
	"offset" INTEGER NOT NULL,
	text TEXT NOT NULL,
	PRIMARY KEY (document_id, number),
	FOREIGN KEY(document_id) REFERENCES document (id) ON DELETE CASCADE
);
PRAGMA user_version=1;

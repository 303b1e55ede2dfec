"""People sign in, label pairs blind, and see how judges fare while they are called."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

NOW = sa.text('clock_timestamp()')


def upgrade() -> None:
    op.add_column('api_keys', sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True))
    op.create_table('sessions',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('digest', sa.LargeBinary(), nullable=False),
    sa.Column('key_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['key_id'], ['api_keys.id'], name=op.f('fk_sessions_key_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('digest', name=op.f('uq_sessions_digest'))
    )
    # A review: pairs of a job drawn for people to label. The design and every pair's inclusion probability are kept.
    op.create_table('reviews',
    sa.Column('id', sa.Integer(), sa.Identity(always=True), nullable=False),
    sa.Column('public_id', sa.UUID(as_uuid=False), server_default=sa.text('gen_random_uuid()'), nullable=False),
    sa.Column('job_id', sa.Integer(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('design', sa.Text(), nullable=False),
    sa.Column('filters', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('seed', sa.BigInteger(), nullable=False),
    sa.Column('axes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('pairs', sa.Integer(), nullable=False),
    sa.Column('population', sa.Integer(), nullable=False),
    sa.Column('per_pair', sa.SmallInteger(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("design IN ('random', 'filtered', 'cascade')", name=op.f('ck_reviews_design')),
    sa.CheckConstraint("per_pair IN (1, 2)", name=op.f('ck_reviews_per_pair')),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_reviews_job_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reviews')),
    sa.UniqueConstraint('public_id', name=op.f('uq_reviews_public_id'))
    )
    op.create_index(op.f('ix_reviews_job_id'), 'reviews', ['job_id'], unique=False)
    op.create_table('review_pairs',
    sa.Column('review_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('inclusion_probability', sa.Double(), nullable=True),
    sa.ForeignKeyConstraint(['review_id'], ['reviews.id'], name=op.f('fk_review_pairs_review_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('review_id', 'place', name=op.f('pk_review_pairs')),
    sa.UniqueConstraint('review_id', 'seq', name=op.f('uq_review_pairs_review_id_seq'))
    )
    # A turn: one labeller with one pair. `shown` is the Order this labeller sees.
    op.create_table('review_turns',
    sa.Column('review_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('labeller', sa.Text(), nullable=False),
    sa.Column('shown', sa.SmallInteger(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('seconds', sa.REAL(), nullable=True),
    sa.Column('picks', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.ForeignKeyConstraint(['review_id', 'place'], ['review_pairs.review_id', 'review_pairs.place'], name=op.f('fk_review_turns_review_id_place'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('review_id', 'place', 'labeller', name=op.f('pk_review_turns'))
    )
    op.add_column('labels', sa.Column('review_id', sa.Integer(), nullable=True))
    op.create_foreign_key(op.f('fk_labels_review_id'), 'labels', 'reviews', ['review_id'], ['id'], ondelete='SET NULL')
    op.create_index('ix_labels_review_id', 'labels', ['review_id'], unique=False, postgresql_where=sa.text('review_id IS NOT NULL'))
    # How a worker's calls to a replica of a judge fare; a row is as old as its worker's last heartbeat.
    op.create_table('lanes',
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('judge_id', sa.Integer(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('breaker', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('slots', sa.REAL(), nullable=False),
    sa.Column('in_flight', sa.Integer(), nullable=False),
    sa.Column('answered', sa.BigInteger(), nullable=False),
    sa.Column('latency_ms', sa.REAL(), nullable=True),
    sa.Column('seen_at', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    sa.CheckConstraint("breaker IN ('closed', 'half_open', 'open')", name=op.f('ck_lanes_breaker')),
    sa.ForeignKeyConstraint(['owner'], ['workers.owner'], name=op.f('fk_lanes_owner'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['judge_id'], ['judges.id'], name=op.f('fk_lanes_judge_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('owner', 'judge_id', 'url', name=op.f('pk_lanes'))
    )
    op.create_index(op.f('ix_lanes_judge_id'), 'lanes', ['judge_id'], unique=False)
    # The last headline of a job: what an overview shows without reading a million judgments.
    op.create_table('headlines',
    sa.Column('job_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), server_default=NOW, nullable=False),
    sa.Column('headline', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.id'], name=op.f('fk_headlines_job_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_headlines'))
    )


def downgrade() -> None:
    op.drop_table('headlines')
    op.drop_table('lanes')
    op.drop_index('ix_labels_review_id', table_name='labels')
    op.drop_constraint(op.f('fk_labels_review_id'), 'labels', type_='foreignkey')
    op.drop_column('labels', 'review_id')
    op.drop_table('review_turns')
    op.drop_table('review_pairs')
    op.drop_table('reviews')
    op.drop_table('sessions')
    op.drop_column('api_keys', 'expires_at')

"""Imports hold soft scores to every digit, labels made elsewhere need not tell the order shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('imports', sa.Column('rows', sa.Integer(), server_default='0', nullable=False))
    op.alter_column('imported_verdicts', 'score', type_=sa.Double())
    op.add_column('imported_verdicts', sa.Column('human', sa.Boolean(), server_default='false', nullable=False))
    op.add_column('imported_verdicts', sa.Column('design', sa.Text(), server_default='unknown', nullable=False))
    op.add_column('imported_verdicts', sa.Column('inclusion_probability', sa.Double(), nullable=True))
    op.alter_column('labels', 'shown', existing_type=sa.SmallInteger(), nullable=True)
    op.alter_column('labels', 'inclusion_probability', type_=sa.Double())


def downgrade() -> None:
    op.alter_column('labels', 'inclusion_probability', type_=sa.REAL())
    op.execute("DELETE FROM labels WHERE shown IS NULL")
    op.alter_column('labels', 'shown', existing_type=sa.SmallInteger(), nullable=False)
    op.drop_column('imported_verdicts', 'inclusion_probability')
    op.drop_column('imported_verdicts', 'design')
    op.drop_column('imported_verdicts', 'human')
    op.alter_column('imported_verdicts', 'score', type_=sa.REAL())
    op.drop_column('imports', 'rows')

export type Labels = Readonly<Record<string, string>>;

/** How many different values of a label a process tells, by label; of others all of them. */
export type LabelBounds = Readonly<Record<string, number>>;

/** What every value beyond the first ones is told as. */
const otherValue = 'other';

/** The bounds that are not configured: plugins and configurations name few of these. */
const fixedBounds: LabelBounds = { step_type: 100, provider: 100, model: 100 };

/**
 * Bounds the values of labels: the first ones that a process meets are told, the rest together as `other`. All series of a process share
 * one, so a tenant is the same in each of them.
 */
export class BoundedLabels {
  private readonly told = new Map<string, { readonly most: number; readonly values: Set<string> }>();

  constructor(bounds: LabelBounds = {}) {
    for (const [label, most] of Object.entries({ ...fixedBounds, ...bounds })) {
      this.told.set(label, { most, values: new Set() });
    }
  }

  value(label: string, value: string): string {
    const told = this.told.get(label);
    if (told === undefined || told.values.has(value)) return value;
    if (told.values.size >= told.most) return otherValue;
    told.values.add(value);
    return value;
  }

  /** The same object if all of its values are told. */
  of(labels: Labels): Labels {
    let bounded: Record<string, string> | null = null;
    for (const label in labels) {
      const given = labels[label] as string;
      const value = this.value(label, given);
      if (value !== given) bounded = { ...(bounded ?? labels), [label]: value };
    }
    return bounded ?? labels;
  }
}

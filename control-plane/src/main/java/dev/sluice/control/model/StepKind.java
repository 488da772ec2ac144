package dev.sluice.control.model;

/** The name of a step's kind, as plans and events spell it. */
public enum StepKind {
    BACKUP,
    SYNC,
    BREAK_FAILOVER,
    DISTRIBUTE,
    AWAIT_WINDOW,
    CLOSE_ADMISSION,
    DRAIN,
    INSTALL,
    VERIFY,
    SOAK,
    AWAIT_CLIENTS,
    PROMOTE,
    SWITCH_ADDRESS,
    OPEN_ADMISSION,
    RESYNC,
    RESTORE_FAILOVER,
    FREEZE,
    UNFREEZE,
    CONFIRM,
    FINALISE;

    public static StepKind of(Work work) {
        return switch (work) {
            case Work.Backup _ -> BACKUP;
            case Work.Sync _ -> SYNC;
            case Work.BreakFailover _ -> BREAK_FAILOVER;
            case Work.Distribute _ -> DISTRIBUTE;
            case Work.AwaitWindow _ -> AWAIT_WINDOW;
            case Work.CloseAdmission _ -> CLOSE_ADMISSION;
            case Work.Drain _ -> DRAIN;
            case Work.Install _ -> INSTALL;
            case Work.Verify _, Work.VerifyCluster _ -> VERIFY;
            case Work.Soak _ -> SOAK;
            case Work.AwaitClients _ -> AWAIT_CLIENTS;
            case Work.Promote _ -> PROMOTE;
            case Work.SwitchAddress _ -> SWITCH_ADDRESS;
            case Work.OpenAdmission _ -> OPEN_ADMISSION;
            case Work.Resync _ -> RESYNC;
            case Work.RestoreFailover _ -> RESTORE_FAILOVER;
            case Work.Freeze _ -> FREEZE;
            case Work.Unfreeze _ -> UNFREEZE;
            case Work.Confirm _ -> CONFIRM;
            case Work.Finalise _ -> FINALISE;
        };
    }
}
